import MonotonicTime
import Synchronization

/// Counts a transfer's bytes, and ends it when none have moved for too long. However long the whole takes is fine.
package final class StallWatch: Sendable {
  private struct State {
    var bytes = 0
    var moved = SuspendingClock.now
  }

  private let state = Mutex(State())
  private let patience: Duration
  private let progress: @Sendable (Int) -> Void

  /// - Parameters:
  ///   - patience: How long no byte may move.
  ///   - progress: Told the number of all bytes so far, each time that some have moved.
  package init(patience: Duration, progress: @escaping @Sendable (Int) -> Void) {
    self.patience = patience
    self.progress = progress
  }

  /// Notes that bytes have moved.
  package func count(_ bytes: Int) {
    let sum = state.withLock { state in
      state.bytes += bytes
      state.moved = .now
      return state.bytes
    }
    progress(sum)
  }

  /// How many bytes have moved.
  package var bytes: Int { state.withLock { $0.bytes } }

  package func counting(_ sink: @escaping ByteSink) -> ByteSink {
    return { [self] bytes in
      try await sink(bytes)
      count(bytes.count)
    }
  }

  package func counting(_ source: @escaping ByteSource) -> ByteSource {
    return { [self] in
      let bytes = try await source()
      count(bytes?.count ?? 0)
      return bytes
    }
  }

  /// Runs `operation`, and cancels it when nothing moves any more.
  package func run(_ subject: String, _ operation: @escaping @Sendable @concurrent () async throws -> Void)
    async throws
  {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await operation() }
      group.addTask { [self] in
        while true {
          let end = state.withLock { $0.moved }.advanced(by: patience)
          guard end > .now else { throw TimeoutError("\(subject): nothing moved for \(patience)") }
          try await Task.sleep(until: end, clock: SuspendingClock())
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
