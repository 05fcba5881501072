import Foundation
import Synchronization

/// A signal asked the command to end.
struct Interrupted: Error {
  /// The signal's number.
  let signal: Int32
  /// The status of a process that ends because of the signal.
  var status: Int32 { 128 + signal }
}

/// Ends a command in order on the first Ctrl-C, SIGTERM or SIGHUP, and at once on the second.
enum Interruption {
  /// How long an orderly end may take, in seconds.
  private static let patience: UInt32 = 45

  /// The first signal's number, 0 before it. Atomic, because the handler may run on any thread at any time.
  private static let first = Atomic<Int32>(0)
  /// The end of a pipe into which the handler writes.
  private static let wakeUp = Atomic<Int32>(-1)

  /// Runs `operation`; the first signal cancels it, and once it has ended `Interrupted` is thrown.
  static func guarding(_ operation: @escaping @Sendable () async throws -> Void) async throws {
    let signals = install()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await operation() }
      group.addTask {
        for await _ in signals { break }
        try Task.checkCancellation()
        throw Interrupted(signal: first.load(ordering: .relaxed))
      }
      defer { group.cancelAll() }
      do {
        try await group.next()
      } catch let interruption as Interrupted {
        group.cancelAll()
        while await group.nextResult() != nil {}
        throw interruption
      }
    }
  }

  /// Handles the signals by a handler rather than by ignoring them: an ignored signal stays ignored in every
  /// program that is started, a handled one does not.
  private static func install() -> AsyncStream<Void> {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return AsyncStream { $0.finish() } }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    wakeUp.store(ends[1], ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, handle) }
    let reader = ends[0]
    return AsyncStream { continuation in
      // A thread of its own waits for the byte: the pool's threads are not for waiting.
      Thread.detachNewThread {
        var byte: UInt8 = 0
        while read(reader, &byte, 1) < 0, errno == EINTR {}
        continuation.yield()
      }
    }
  }

  /// Only what a signal handler may do: atomics, write, alarm, _exit.
  private static let handle: @convention(c) (Int32) -> Void = { number in
    let (isFirst, _) = first.compareExchange(expected: 0, desired: number, ordering: .relaxed)
    guard isFirst else { _exit(128 + number) }
    var byte: UInt8 = 0
    _ = write(wakeUp.load(ordering: .relaxed), &byte, 1)
    // An end that takes too long is ended by the alarm, whose default action ends the process.
    alarm(patience)
  }
}
