import DrydockBase
package import MonotonicTime

/// An instance whose lock is held: nobody else changes or deletes it until the value goes.
package struct HeldInstance: ~Copyable {
  private let lock: InstanceLock
  /// What is remembered of it, read under the lock.
  package let state: InstanceState

  /// - Parameter state: What was read after `lock` was taken; an earlier reading may be out of date.
  package init(_ lock: consuming InstanceLock, _ state: InstanceState) {
    self.lock = lock
    self.state = state
  }
}

extension StateStore {
  /// Waits for an instance's lock, and reads its state under it: the one way to change or to delete an instance.
  ///
  /// Another command may delete it while this one waits. It is not made again then: who decided on it looked at what
  /// is gone.
  /// - Parameters:
  ///   - handle: What messages call it.
  ///   - isStop: Whether engines are stopped and nothing else is done, which root may do in another user's home.
  ///   - notice: Told, once, if another command has to be waited for.
  /// - Throws: `DrydockError.failed` where it is gone; what taking the lock and reading the state throw.
  package func hold(
    _ id: String, called handle: String? = nil, isStop: Bool = false, until deadline: Deadline,
    notice: (String) -> Void = { _ in }
  ) async throws -> HeldInstance {
    // What a copy of a home would stop runs for the original.
    if isStop { try home.refuseCopies() } else { try home.refuseOthers() }
    if let held = try await holdIfPresent(id, until: deadline, notice: notice) { return held }
    throw DrydockError(
      .failed, "\(handle ?? "the instance \(id)") was deleted by another drydock command",
      suggestion: "nothing was started or changed; to begin anew: drydock up")
  }

  /// The same; nil where it is gone.
  package func holdIfPresent(
    _ id: String, until deadline: Deadline, notice: (String) -> Void = { _ in }
  ) async throws -> HeldInstance? {
    guard !id.isEmpty else { return nil }
    let lock = try await InstanceLock.acquire(home.instance(id), making: .never, until: deadline) {
      notice(Self.waiting(for: $0))
    }
    guard let lock, let state = try load(id) else { return nil }
    return HeldInstance(lock, state)
  }

  /// What is said while another command is waited for.
  package static func waiting(for holder: Int32?) -> String {
    "waiting for another drydock command\(holder.map { " (process \($0))" } ?? "")"
  }

  /// Changes an instance's state under its lock.
  /// - Returns: The state as it is then.
  @discardableResult
  package func update(
    _ id: String, until deadline: Deadline = .after(.seconds(30)), _ change: (inout InstanceState) -> Void
  ) async throws -> InstanceState {
    let held = try await hold(id, until: deadline)
    defer { _ = held }
    var state = held.state
    change(&state)
    try await saveOffThePool(state)
    return state
  }
}
