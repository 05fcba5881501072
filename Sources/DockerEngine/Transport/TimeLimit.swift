import MonotonicTime
import Synchronization

/// The time that an exchange has: to its head, and to its end.
struct TimeLimit: Sendable {
  /// By when the head of the answer has to be there.
  let head: Deadline
  /// By when the exchange has to be over; nil for streams that last until they are cancelled.
  let end: Deadline?

  /// One deadline for all of it.
  init(_ deadline: Deadline) {
    self.init(head: deadline, end: deadline)
  }

  init(head: Deadline, end: Deadline?) {
    self.head = end.map { min(head, $0) } ?? head
    self.end = end
  }

  /// Runs an exchange and cancels it when it is late.
  func run<Value: Sendable>(
    _ action: String, operation: @escaping @Sendable @concurrent (HeadMark) async throws -> Value
  ) async throws -> Value {
    let mark = HeadMark()
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await operation(mark) }
      group.addTask { try await watch(mark, action) }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  /// Ends with an error when a limit passes, and with nil when none is left to watch.
  @concurrent
  private func watch<Value>(_ mark: HeadMark, _ action: String) async throws -> Value? {
    let clock = SuspendingClock()
    try await clock.sleep(until: head.instant, tolerance: .milliseconds(1))
    guard mark.isSet else { throw Self.late(action) }
    guard let end else { return nil }
    try await clock.sleep(until: end.instant, tolerance: .milliseconds(1))
    throw Self.late(action)
  }

  static func late(_ action: String) -> DockerError {
    DockerError(.timedOut, "cannot \(action): the Docker engine did not finish in time")
  }
}

/// Set once the head of an answer has come.
final class HeadMark: Sendable {
  private let flag = Mutex(false)

  var isSet: Bool { flag.withLock { $0 } }

  func set() { flag.withLock { $0 = true } }
}
