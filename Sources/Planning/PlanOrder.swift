import DrydockBase

/// In which order a plan's items are carried out.
package struct PlanOrder: Sendable {
  package let plan: Plan
  /// What replicas have followed so far, by replica.
  package let sources: [String: String]

  /// - Parameter sources: As the last `up` recorded them; they order promotions and stops of replicas.
  package init(plan: Plan, sources: [String: String]) {
    self.plan = plan
    self.sources = sources
  }

  /// The plan's items in waves, each after its predecessors.
  package func waves() throws -> [[Int]] {
    var waves: [[Int]] = []
    var placed: Set<String> = []
    var open = Array(plan.items.indices)
    while !open.isEmpty {
      let wave = open.filter { placed.isSuperset(of: predecessors(of: plan.items[$0])) }
      guard !wave.isEmpty else {
        throw DrydockError(
          .manifestInvalid,
          "replicas of each other: \(open.map { plan.items[$0].resource }.joined(separator: ", "))")
      }
      waves.append(wave)
      placed.formUnion(wave.map { plan.items[$0].resource })
      open.removeAll { wave.contains($0) }
    }
    return waves
  }

  /// What has to be done before an item: a replica comes after its source. One that is promoted does too, to catch up
  /// with it, unless the source goes, which then waits.
  private func predecessors(of item: Plan.Item) -> [String] {
    switch item.action {
    case .promote:
      plan.items.filter { $0.resource == formerSource(item) && $0.action != .stop }.map(\.resource)
    case .stop:
      plan.items.filter { formerSource($0) == item.resource }.map(\.resource)
    default:
      plan.items.filter { $0.resource == item.source }.map(\.resource)
    }
  }

  private func formerSource(_ item: Plan.Item) -> String? {
    item.action == .promote ? sources[item.resource] : nil
  }
}
