import Synchronization

/// Things that come in any number and are taken together by one reader.
package final class Inbox<Item: Sendable>: Sendable {
  private let items = Mutex<[Item]>([])
  private let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  /// An empty one.
  package init() { (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  /// Adds one.
  package func post(_ item: Item) {
    items.withLock { $0.append(item) }
    signal.yield()
  }

  /// Waits for the next, and takes all; nil when the task is cancelled.
  package func next() async -> [Item]? {
    for await _ in signals {
      let all = items.withLock { items in
        defer { items = [] }
        return items
      }
      if !all.isEmpty { return all }
    }
    return nil
  }
}
