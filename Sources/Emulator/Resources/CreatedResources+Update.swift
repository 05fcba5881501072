import AppState
import ConvoxManifest
import DrydockBase
import Planning
package import Resources

extension CreatedResources {
  /// Changes options of a resource, and waits until it runs with them.
  ///
  /// What AWS could not change is refused, and then nothing was changed. An empty value takes back what was set. Where the engine fails with the new
  /// options they stay written down, and the resource is `failed` until another update or a start brings it up.
  package func update(_ name: String, parameters: [String: String], _ work: ResourceWork) async throws
    -> RackResource
  {
    let type = try state(named: name).created?.type ?? ""
    guard !parameters.isEmpty else {
      throw DrydockError(
        .failed, "nothing to update", suggestion: "name an option: drydock resources update \(name) KEY=VALUE"
      )
    }
    try context.catalog.kind(type).refuseEmpty(parameters)
    return try await operate(on: name, as: "updating", work) { created, record in
      let before = created.parameters
      created.parameters.merge(parameters) { $1 }
      try CreatedManifest(name: name, created: created, context: context).check(over: record, before: before)
    }
  }

  /// Brings up what was stopped or what failed, with the options that it has.
  package func start(_ name: String, _ work: ResourceWork) async throws -> RackResource {
    try await operate(on: name, as: "updating", work) { _, _ in }
  }

  private func operate(
    on name: String, as operation: String, _ work: ResourceWork,
    change: (inout CreatedResource, ResourceRecord?) throws -> Void
  ) async throws -> RackResource {
    let found = try state(named: name)
    let lock = try await lock(found, work)
    defer { _ = lock }
    let before = try reload(found)
    guard let old = before.created else { return try await describe(before) }
    var new = old
    try change(&new, before.resources[name])
    new.operation = operation
    let taken = before.taking(back: new.parameters.filter(\.value.isEmpty).keys)
    new.parameters = try context.catalog.kind(new.type).settled(
      new.parameters, in: context.catalog)
    let state = try await record(before.id, resources: taken.resources) { [new] in
      ($0.parameters, $0.operation) = (new.parameters, new.operation)
    }
    try CreatedManifest(name: name, created: new, context: context).write(id: state.id)
    work.accepted(try await describe(state))
    do {
      try await bringUp(
        state, state.runtime.flatMap { RuntimeChoice(rawValue: $0.rawValue) } ?? work.choice, work)
    } catch {
      if (try? await revert(before, old, begun: taken)) != true {
        work.events.notice("\(name) is not up with its options; go on: drydock resources start \(name)")
      }
      throw error
    }
    let after = try await record(before.id) { $0.operation = nil }
    if let port = after.resources[name]?.port, let old = before.resources[name]?.port, port != old {
      work.events.notice("\(name) is at port \(port) now, since \(old) was taken: its URL is another one")
    }
    await refreshLinked(after, work.events.notice)
    return try await describe(after)
  }

  /// Goes back to the options from before, where nothing was done with the new ones.
  /// - Returns: Whether nothing was.
  private func revert(
    _ before: InstanceState, _ old: CreatedResource, begun: InstanceState
  ) async throws -> Bool {
    guard try store.load(before.id)?.resources == begun.resources else { return false }
    _ = try await record(before.id, resources: before.resources) {
      ($0.parameters, $0.operation) = (old.parameters, old.operation)
    }
    try CreatedManifest(name: before.handle, created: old, context: context).write(id: before.id)
    return true
  }
}

extension InstanceState {
  /// A created resource without the deployed values of options that are taken back: AWS keeps those of an option
  /// that is not named, and sets one that is named without a value to nothing.
  fileprivate func taking(back options: some Sequence<String>) -> InstanceState {
    var state = self
    for option in options { state.resources[handle]?.options[option] = nil }
    return state
  }
}
