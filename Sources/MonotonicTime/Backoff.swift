/// Pauses between the rounds of a poll: a few milliseconds at first, longer the longer it takes.
///
/// Polling each 5 ms while many engines start slows all of them on a small machine, so the pause grows.
package struct Backoff: Sendable {
  private var pause: Duration
  private let limit: Duration

  /// A sequence of pauses from `first` growing by half each time up to `limit`.
  package init(first: Duration = .milliseconds(4), limit: Duration = .milliseconds(100)) {
    self.pause = first
    self.limit = limit
  }

  /// Sleeps for the next pause, but never past the deadline.
  /// - Throws: `TimeoutError` naming `subject` if the deadline has passed, `CancellationError` when cancelled.
  package mutating func sleep(until deadline: Deadline, _ subject: @autoclosure () -> String) async throws {
    try Task.checkCancellation()
    guard !deadline.hasPassed else { throw TimeoutError(subject()) }
    try await Task.sleep(for: min(pause, deadline.remaining), clock: SuspendingClock())
    pause = min(pause * 3 / 2, limit)
  }
}
