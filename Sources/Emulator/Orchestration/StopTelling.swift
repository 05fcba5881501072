import Synchronization

/// Says of a stop that takes its time that it goes on, and at once where the command is told to end meanwhile: whoever
/// sees nothing presses Ctrl-C again.
/// - Parameters:
///   - name: What is stopped.
///   - patience: How long nothing is said.
///   - notice: Where it is said.
/// - Throws: What `stop` throws.
func tellingOfStop(
  _ name: String, after patience: Duration = .seconds(1), notice: @escaping @Sendable (String) -> Void,
  _ stop: @escaping @Sendable () async throws -> Void
) async throws {
  let hasEnded = Mutex(false)
  try await withThrowingTaskGroup(of: Bool.self) { group in
    group.addTask {
      defer { hasEnded.withLock { $0 = true } }
      try await stop()
      return true
    }
    group.addTask {
      do {
        try await Task.sleep(for: patience, clock: SuspendingClock())
        notice("\(name) is stopping")
        while true { try await Task.sleep(for: .seconds(3600), clock: SuspendingClock()) }
      } catch {
        // Its own end cancels this too.
        if !hasEnded.withLock({ $0 }) { notice("told to end while \(name) is stopping: that goes on") }
      }
      return false
    }
    while let isStop = try await group.next() {
      if isStop { group.cancelAll() }
    }
  }
}
