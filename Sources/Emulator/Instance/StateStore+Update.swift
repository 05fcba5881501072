import MonotonicTime

extension StateStore {
  /// Changes an instance's state under its lock.
  public func update(_ id: String, _ change: (inout InstanceState) -> Void) async throws {
    let lock = try await InstanceLock.acquire(home.instance(id), until: .after(.seconds(30)))
    defer { _ = lock }
    guard var state = try load(id) else {
      throw EmulatorError(.failed, "the instance \(id) is gone")
    }
    change(&state)
    try save(state)
  }
}
