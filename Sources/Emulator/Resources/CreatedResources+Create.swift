import AppState
import ConvoxManifest
import DrydockBase
import Essentials
import Planning
package import Resources

extension CreatedResources {
  /// Creates a resource, and waits until it is proved healthy.
  ///
  /// One that fails is taken away again, so that its name is free. One that is interrupted stays, as `failed`: it
  /// can be started or deleted.
  /// - Parameters:
  ///   - type: Its type.
  ///   - name: Its name; one like `mysql-4624` is made without.
  ///   - parameters: Options by name.
  ///   - work: How it is done.
  /// - Throws: `DrydockError`, `CancellationError`.
  package func create(
    _ type: String, named name: String? = nil, parameters: [String: String], _ work: ResourceWork
  ) async throws -> RackResource {
    try store.home.refuseOthers()
    let kind = try context.catalog.kind(type)
    if let name { try ResourceName.check(name) }
    try kind.refuseEmpty(parameters)
    var created = CreatedResource(type: kind.name, parameters: parameters)
    try CreatedManifest(name: name ?? kind.name, created: created, context: context).check()
    created.parameters = kind.settled(parameters, in: context.catalog)
    created.operation = "creating"
    let id = InstanceDirectory.randomID()
    try Folder.make(store.home.instance(id), mode: 0o700)
    // Held before anybody can know of it.
    let lock = try await lock(id, kind.name, work)
    defer { _ = lock }
    let state: InstanceState
    do {
      state = try await reserve(id, name, created, work)
    } catch {
      // What stays of it has no state, and counts as nothing.
      try? store.delete(id)
      throw error
    }
    work.accepted(try await describe(state))
    try await fill(state, work)
    return try await describe(await record(id) { $0.operation = nil })
  }

  /// Takes a name, and writes down whose it is, while nobody else makes an instance.
  private func reserve(
    _ id: String, _ name: String?, _ created: CreatedResource, _ work: ResourceWork
  ) async throws -> InstanceState {
    let lock = try await InstanceLock.acquire("\(store.home.root)/making", until: work.deadline)
    defer { _ = lock }
    let others = try store.survey().complete("whether a name is free")
    if let name { try ResourceName.refuseTaken(name, by: others) }
    let name = name ?? ResourceName.make(created.type, besides: others)
    let path = store.home.created(name)
    try clear(path)
    do {
      try CreatedManifest(name: name, created: created, context: context).write(id: id)
      var state = InstanceState(
        id: id, handle: name, app: name, path: AppFolder(path).path,
        resourcePassword: UUID().uuidString.lowercased())
      state.created = created
      try await store.saveOffThePool(state)
      return state
    } catch {
      Folder.discard(path)
      throw error
    }
  }

  /// Removes what a deletion that was interrupted at its very end left; it belongs to nothing.
  /// - Throws: `DrydockError` where it belongs to an instance whose state cannot be read.
  private func clear(_ path: String) throws {
    if let id = AppFolder(path).id { _ = try store.load(id) }
    try Folder.remove(path)
  }

  private func fill(_ state: InstanceState, _ work: ResourceWork) async throws {
    do {
      try await bringUp(state, work.choice, work)
    } catch let error as CancellationError {
      work.events.notice(
        "\(state.handle) is not complete; go on: drydock resources start \(state.handle), or delete it")
      throw error
    } catch {
      do {
        try await remove(state, work)
      } catch {
        work.events.notice(
          "\(state.handle) could not be taken away again; delete it: drydock resources delete \(state.handle)"
        )
      }
      throw error
    }
  }

  /// Has an `up` bring the resource to what its convox.yml says.
  func bringUp(_ state: InstanceState, _ choice: RuntimeChoice, _ work: ResourceWork) async throws {
    guard let created = state.created, !created.isDrain else { return }
    let manifest = CreatedManifest(name: state.handle, created: created, context: context)
    let up = UpOperation(
      context: context, workspace: manifest.workspace, app: nil, extraEnvironment: [:], choice: choice,
      options: UpOptions(deadline: work.deadline), events: work.events)
    do {
      let result = try await up.run()
      for drift in result.outcomes.compactMap(\.drift) {
        work.events.notice("\(state.handle): \(drift)")
      }
    } catch let error as ManifestError {
      throw DrydockError(manifest: error)
    } catch let error as AggregateError where error.failures.count == 1 {
      throw error.failures[0].error
    }
  }
}
