public import MonotonicTime

extension InstanceDirectory {
  /// Makes an app that has no folder of the user's: it lies in drydock's home.
  /// - Throws: `EmulatorError.usage` when an app of that name exists, or a resource created on its own.
  public func create(app name: String, until deadline: Deadline) async throws -> InstanceState {
    guard instance(handle: name) == nil else {
      throw EmulatorError(.usage, "app already exists: \(name)")
    }
    try Folder.make(store.home.app(name), mode: 0o700)
    return try await open(AppFolder(store.home.app(name)), app: name, until: deadline)
  }

  /// Forgets an app whose data is gone, and its folder where that lies in drydock's home.
  public func forget(_ state: InstanceState) throws {
    try store.delete(state.id)
    let own = AppFolder(store.home.app(state.handle)).path
    if state.path == own { try Folder.remove(own) }
  }
}

extension StateHome {
  /// The folder of an app that has none of the user's.
  func app(_ name: String) -> String { "\(root)/apps/\(name)" }
}
