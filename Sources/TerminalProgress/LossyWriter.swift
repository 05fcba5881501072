import Dispatch
import Synchronization

/// Writes to a descriptor that nobody may be reading. Who hands it a text never waits: what finds no room is dropped,
/// and how much that was is told once there is room again.
package final class LossyWriter: Sendable {
  private struct State {
    var pending: [String] = []
    var size = 0
    var dropped = 0
    var isDraining = false
  }

  private let descriptor: Int32
  private let capacity: Int
  private let state = Mutex(State())
  /// A reader that stands still holds this queue's thread, and no other.
  private let queue = DispatchQueue(label: "drydock.output")

  /// A writer to an open descriptor.
  /// - Parameter capacity: How many bytes may wait for their reader.
  package init(descriptor: Int32, capacity: Int = 256 << 10) {
    self.descriptor = descriptor
    self.capacity = capacity
  }

  /// Hands a text over, to be written as soon as there is room.
  package func write(_ text: String) {
    let starts = state.withLock { state in
      guard state.size + text.utf8.count <= capacity else {
        state.dropped += 1
        return false
      }
      state.pending.append(text)
      state.size += text.utf8.count
      defer { state.isDraining = true }
      return !state.isDraining
    }
    if starts { queue.async { self.drain() } }
  }

  /// Waits until all is written, but not for long: somebody who reads takes milliseconds.
  package func flush(within limit: Duration = .milliseconds(200)) async {
    guard state.withLock({ $0.isDraining }) else { return }
    await withCheckedContinuation { continuation in
      let end = OnceEnd(continuation)
      queue.async { end.resume() }
      let nanoseconds = limit / .nanoseconds(1)
      DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(nanoseconds))) { end.resume() }
    }
  }

  private func drain() {
    while let text = take() { writeAll(text, to: descriptor) }
  }

  /// What waits, with a word on what was dropped before it; nil once nothing does.
  private func take() -> String? {
    state.withLock { state in
      var text = state.pending.joined()
      if state.dropped > 0 { text += "(nobody read on: \(state.dropped) lines left out)\n" }
      state = State(isDraining: !text.isEmpty)
      return text.isEmpty ? nil : text
    }
  }
}

/// Resumes a continuation the first time.
private final class OnceEnd: Sendable {
  private let waiter: Mutex<CheckedContinuation<Void, Never>?>

  init(_ continuation: CheckedContinuation<Void, Never>) { waiter = Mutex(continuation) }

  func resume() {
    waiter.withLock { waiter in
      defer { waiter = nil }
      return waiter
    }?.resume()
  }
}
