import MonotonicTime
import Synchronization

/// The time that an exchange has: to its head, to its end, and from one piece of its answer to the next.
struct TimeLimit: Sendable {
  /// By when the head of the answer has to be there; nil where only silence counts, from the beginning on.
  let head: Deadline?
  /// By when the exchange has to be over; nil for streams that last until they are cancelled.
  let end: Deadline?
  /// The longest silence of an answer that has begun; nil where silence says nothing.
  let silence: Duration?

  /// One deadline for all of it.
  init(_ deadline: Deadline) {
    self.init(head: deadline, end: deadline)
  }

  init(head: Deadline, end: Deadline?, silence: Duration? = nil) {
    self.head = end.map { min(head, $0) } ?? head
    self.end = end
    self.silence = silence
  }

  /// However long it takes, as long as bytes go one way or the other.
  init(silence: Duration, end: Deadline?) {
    head = nil
    self.end = end
    self.silence = silence
  }

  /// By when there has to be a connection.
  var connect: Deadline { head ?? .after(.seconds(30)) }

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
    if let head {
      try await clock.sleep(until: head.instant, tolerance: .milliseconds(1))
    } else {
      mark.set()
    }
    while let last = mark.last {
      let limits = [silence.map { last.advanced(by: $0) }, end?.instant].compactMap(\.self)
      guard let next = limits.min() else { return nil }
      if next <= clock.now { break }
      try await clock.sleep(until: next, tolerance: .milliseconds(1))
    }
    if mark.isSet, end?.hasPassed != true, let silence { throw Self.silent(action, for: silence) }
    throw Self.late(action)
  }

  static func late(_ action: String) -> DockerError {
    DockerError(.timedOut, "cannot \(action): the Docker engine did not finish in time")
  }

  private static func silent(_ action: String, for silence: Duration) -> DockerError {
    DockerError(
      .timedOut, "cannot \(action): the Docker engine said nothing for \(silence.components.seconds) seconds",
      suggestion: "look at the connection to the network, and try again")
  }
}

/// When the last piece of an answer came.
final class HeadMark: Sendable {
  private let instant = Mutex<SuspendingClock.Instant?>(nil)

  /// When that was; nil before the head.
  var last: SuspendingClock.Instant? { instant.withLock { $0 } }

  /// Whether the head has come.
  var isSet: Bool { last != nil }

  /// To be called with each piece of the answer.
  func set() { instant.withLock { $0 = SuspendingClock.now } }

  /// To be called with each piece that was sent, which counts where the answer's silence does.
  func tick() { instant.withLock { if $0 != nil { $0 = SuspendingClock.now } } }
}
