package import AppState
import DrydockBase
import Engines
package import Resources

extension ResourceLookup {
  /// The resources of an app and those linked to it, each with what it is now.
  package func list(app: InstanceState) async throws -> [RackResource] {
    try await describe(targets(app: app))
  }

  /// The resources that were created on their own, each with what it is now.
  package func created() async throws -> [RackResource] { try await describe(createdTargets()) }

  /// One resource, with what it is now.
  /// - Throws: `DrydockError` where nothing has that name.
  package func resource(_ name: String, app: InstanceState?) async throws -> RackResource {
    try await describe(try target(name, app: app))
  }

  /// What a resource is now.
  package func describe(_ target: ResourceTarget) async throws -> RackResource {
    target.shown(try await statuses([target])[0])
  }

  /// What resources are now, in their order.
  package func describe(_ targets: [ResourceTarget]) async throws -> [RackResource] {
    let statuses = try await statuses(targets)
    return zip(targets, statuses).map { $0.shown($1) }
  }

  /// One look an instance, since its runtime is asked for all of its resources at once.
  private func statuses(_ targets: [ResourceTarget]) async throws -> [String] {
    var found: [String: [String: String]] = [:]
    for (id, members) in Dictionary(grouping: targets, by: \.state.id) {
      guard let state = members.first?.state else { continue }
      found[id] = try await observed(state, members.map(\.name))
    }
    return targets.map { target in
      target.isExternal
        ? ResourceStatus.external.rawValue
        : target.state.operation(context.home)?.rawValue ?? found[target.state.id]?[target.name]
          ?? withoutRecord(target)
    }
  }

  private func observed(_ state: InstanceState, _ names: [String]) async throws -> [String: String] {
    do {
      return try await look(state, Set(names))
    } catch let error as DrydockError where error.code == .unavailable {
      // The servers' addresses are known all the same; whether anything answers there is not.
      let servers = names.filter {
        state.resources[$0].flatMap { context.catalog.server($0.type) } != nil
      }
      var directories = state
      directories.runtime = nil
      let rest = try await look(directories, Set(names).subtracting(servers))
      return rest.merging(servers.map { ($0, "unknown") }) { $1 }
    }
  }

  private func look(_ state: InstanceState, _ names: Set<String>) async throws -> [String: String] {
    let states = try await StatusOperation(context: context).run(state, only: names)
    return Dictionary(states.map { ($0.resource, $0.status.rawValue) }) { $1 }
  }

  /// A resource without an engine is there as soon as it is noted; one with an engine, once it has been started.
  private func withoutRecord(_ target: ResourceTarget) -> String {
    (target.engine == nil ? ResourceStatus.running : .stopped).rawValue
  }
}
