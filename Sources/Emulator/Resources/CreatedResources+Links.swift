package import AppState
import ConvoxManifest
import DrydockBase
import MonotonicTime
package import Resources

extension CreatedResources {
  /// Links a resource to an app: the app gets its variables; of a syslog resource, its URL as a drain.
  /// - Throws: `DrydockError.failed` for an unknown resource, and where the app has variables of these names.
  package func link(_ name: String, to app: InstanceState, _ work: ResourceWork) async throws -> RackResource
  {
    let found = try state(named: name)
    let lock = try await lock(found, work)
    defer { _ = lock }
    let before = try reload(found)
    try refuseCollision(before, with: app)
    let after = try await record(before.id) { $0.links.insert(app.id) }
    await refresh(app, work.events.notice)
    try await LinkedNetworks(context: context).settle(after, work.events.notice)
    return try await describe(after)
  }

  /// Takes a link back.
  /// - Throws: `DrydockError.failed` for a resource that is not linked to the app.
  package func unlink(_ name: String, from app: InstanceState, _ work: ResourceWork) async throws
    -> RackResource
  {
    let found = try state(named: name)
    let lock = try await lock(found, work)
    defer { _ = lock }
    guard try reload(found).created?.links.contains(app.id) == true else {
      throw DrydockError(.failed, "resource \(name) is not linked to \(app.handle)")
    }
    let after = try await record(found.id) { $0.links.remove(app.id) }
    await refresh(app, work.events.notice)
    try await LinkedNetworks(context: context).settle(after, work.events.notice)
    return try await describe(after)
  }

  /// The app that a name means.
  /// - Parameter folder: The folder whose app is meant among several of that name.
  /// - Throws: `DrydockError.failed` with the apps that there are.
  package func app(named name: String, in folder: AppFolder? = nil) throws -> InstanceState {
    if let app = context.directory.app(named: name, in: folder) { return app }
    let known = store.apps().map(\.handle)
    let guess = nearest(to: name, in: known).map { "did you mean \($0)? " } ?? ""
    throw DrydockError(
      .failed, "no such app: \(name)",
      suggestion: known.isEmpty
        ? "an app is known once it had an up: drydock up"
        : "\(guess)there is \(known.joined(separator: ", "))")
  }

  private func refuseCollision(_ resource: InstanceState, with app: InstanceState) throws {
    guard resource.created?.isDrain == false else { return }
    let prefix = Resource.environmentPrefix(of: resource.handle)
    let environment = app.appEnvironment(rack: app.lastRack)
    let declared =
      (try? app.workspace?.load(appEnvironment: environment, catalog: context.catalog))?.resources.map(\.name)
      ?? []
    let own = declared + app.resources.filter { !$0.value.isRemoved }.keys
    let linked = LinkedResources(context: context).of(app).filter { $0.id != resource.id }.map(\.handle)
    guard let other = (own + linked).first(where: { Resource.environmentPrefix(of: $0) == prefix }) else {
      return
    }
    throw DrydockError(
      .failed,
      "\(app.handle) has \(other) already, whose variables have the same names: \(prefix)_URL and so on",
      suggestion: "create the resource under another name")
  }

  /// Brings the env files of every app that is linked to a resource up to date.
  func refreshLinked(_ state: InstanceState, _ notice: @Sendable (String) -> Void) async {
    let links = state.created?.links ?? []
    for app in store.apps() where links.contains(app.id) { await refresh(app, notice) }
  }

  /// Brings an app's env files up to date. The link counts without them too: they are only told of.
  private func refresh(_ app: InstanceState, _ notice: @Sendable (String) -> Void) async {
    do {
      guard let held = try await store.holdIfPresent(app.id, until: .after(.seconds(30))) else { return }
      defer { _ = held }
      try EnvironmentFiles.refresh(held.state, held.state.workspace, context, notice)
    } catch {
      notice("the env files of \(app.handle) are not up to date: run drydock up there")
    }
  }
}
