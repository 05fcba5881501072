package import AppState
import DrydockBase
import Engines

extension Plan {
  /// The plan with what is going to differ from the wanted versions.
  package func telling(
    driftOf specs: [ResourceSpec], sources: [String: ServerSource], records: [String: ResourceRecord]
  ) -> Plan {
    let specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
    var plan = self
    for (index, item) in items.enumerated() {
      guard let spec = specs[item.resource], spec.engine.server != nil else { continue }
      if item.action == .verify, let record = records[item.resource], let version = record.version {
        plan.items[index].drift = Drift.describe(spec, running: version, standIn: record.standIn)
      } else {
        plan.items[index].drift = sources[item.resource]?.drift
      }
    }
    return plan
  }

  /// The plan without the differences from versions that nobody asked for; what is new says so once.
  package func leavingOutDefaults(
    of specs: [ResourceSpec], sources: [String: ServerSource], records: [String: ResourceRecord]
  ) -> Plan {
    let unnamed = Dictionary(specs.filter { !$0.namesVersion }.map { ($0.name, $0) }) { first, _ in first }
    var plan = self
    for (index, item) in items.enumerated() where item.drift != nil {
      let source = sources[item.resource]
      guard let spec = unnamed[item.resource],
        (item.action == .verify ? records[item.resource]?.standIn : source?.standIn) == nil
      else { continue }
      plan.items[index].drift = nil
      if item.action == .create, let version = source?.version {
        plan.items[index].reason += "; " + Drift.ofDefault(spec, running: version.description)
      }
    }
    return plan
  }

  /// Refuses what runs already in another version than the wanted one; what is still to be started is refused where
  /// its version is chosen.
  /// - Throws: `AggregateError` of `DrydockError.unavailable`.
  package func refuseDrift() throws {
    let remedy =
      runtime == .native ? "install the wanted version, use --runtime docker" : "name another image"
    let failures = items.filter { $0.action == .verify }.compactMap { item in
      item.drift.map { drift in
        (
          item.resource,
          DrydockError(
            .unavailable, "resource \(item.resource): \(drift)",
            suggestion: "\(remedy), or leave --strict-version out")
        )
      }
    }
    if !failures.isEmpty { throw AggregateError(failures) }
  }
}
