import Synchronization

/// Something that comes once, and is awaited by those who need to know.
package final class Latch: Sendable {
  private struct State {
    var hasCome = false
    var next = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// One that has not come yet.
  package init() {}

  /// Whether it has come.
  package var hasCome: Bool { state.withLock(\.hasCome) }

  /// It comes; a second time means nothing.
  package func come() {
    let waiters = state.withLock { state in
      state.hasCome = true
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until it comes; returns also when the task is cancelled.
  package func wait() async {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard !state.hasCome, !Task.isCancelled else { return true }
          state.waiters[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }
}
