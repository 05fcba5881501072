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
  let stopping = Stopping()
  try await withThrowingTaskGroup(of: Bool.self) { group in
    group.addTask {
      defer { stopping.end() }
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
        if !stopping.hasEnded { notice("told to end while \(name) is stopping: that goes on") }
      }
      return false
    }
    while let isStop = try await group.next() {
      if isStop { group.cancelAll() }
    }
  }
}

/// What the stop and the one who tells of it know of each other.
private final class Stopping: Sendable {
  private let state = Mutex(false)

  var hasEnded: Bool { state.withLock { $0 } }

  func end() { state.withLock { $0 = true } }
}
