import DrydockBase
package import MonotonicTime

extension InstanceDirectory {
  /// Makes an app that has no folder of the user's: it lies in drydock's home.
  /// - Throws: `DrydockError.usage` when an app of that name exists, or a resource created on its own, and for a name that no
  ///   app may have.
  package func create(app name: String, until deadline: Deadline) async throws -> InstanceState {
    try store.home.refuseOthers()
    try AppName.check(name)
    guard try !store.survey().complete("whether a name is free").contains(where: { $0.handle == name }) else {
      throw DrydockError(.usage, "app already exists: \(name)")
    }
    try Folder.make(store.home.app(name), mode: 0o700)
    return try await open(AppFolder(store.home.app(name)), app: name, until: deadline)
  }

  /// Forgets an instance whose data is gone, and its folder where that lies in drydock's home. Its lock has to be held.
  package func forget(_ state: InstanceState) throws {
    // Empty by now; of an instance without native servers nobody else removes it.
    try Folder.remove("\(store.home.engines)/\(state.id)")
    try store.delete(state.id)
    let home = store.home
    let own = state.created == nil ? home.app(state.handle) : home.created(state.handle)
    if state.created != nil || home.hasOwnFolder(state) { try Folder.remove(own) }
  }
}

extension StateHome {
  /// The folder of an app that has none of the user's.
  package func app(_ name: String) -> String { "\(root)/apps/\(name)" }

  /// Whether an app has none of the user's, but this one.
  package func hasOwnFolder(_ state: InstanceState) -> Bool {
    state.created == nil && state.path == AppFolder(app(state.handle)).path
  }
}
