import Synchronization

/// Hands each event to all who listen at that moment. A listener that does not read keeps the newest only.
final class EventHub<Event: Sendable>: Sendable {
  private struct Listeners {
    var next = 0
    var continuations: [Int: AsyncStream<Event>.Continuation] = [:]
    var isClosed = false
  }

  private static var limit: Int { 4096 }
  private let listeners = Mutex(Listeners())

  /// The events from now on; it ends when the hub is closed or the listening task is cancelled.
  func events() -> AsyncStream<Event> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Event.self, bufferingPolicy: .bufferingNewest(Self.limit))
    let number = listeners.withLock { listeners -> Int? in
      guard !listeners.isClosed else { return nil }
      listeners.next += 1
      listeners.continuations[listeners.next] = continuation
      return listeners.next
    }
    guard let number else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      _ = self?.listeners.withLock { $0.continuations.removeValue(forKey: number) }
    }
    return stream
  }

  /// Tells everybody.
  func send(_ event: Event) {
    for continuation in listeners.withLock({ Array($0.continuations.values) }) { continuation.yield(event) }
  }

  /// Ends all streams, also those that are asked for later.
  func close() {
    let all = listeners.withLock { listeners in
      listeners.isClosed = true
      defer { listeners.continuations = [:] }
      return Array(listeners.continuations.values)
    }
    for continuation in all { continuation.finish() }
  }
}
