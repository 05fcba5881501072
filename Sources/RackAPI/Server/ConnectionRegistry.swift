import NIOCore
import Synchronization

/// The connections that are open, so that an end of the server closes the idle ones and waits for the others.
final class ConnectionRegistry: Sendable {
  private struct Entry {
    let channel: any Channel
    var isBusy = false
    /// How its websocket is closed, once it is one.
    var close: (@Sendable () -> Void)?
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var isStopping = false
  }

  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  /// Takes a new connection in.
  /// - Returns: False when there are too many, or the server ends.
  func admit(_ channel: any Channel) -> Bool {
    state.withLock { state in
      guard !state.isStopping, state.entries.count < limit else { return false }
      state.entries[ObjectIdentifier(channel)] = Entry(channel: channel)
      return true
    }
  }

  func remove(_ channel: any Channel) {
    state.withLock { _ = $0.entries.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  /// Notes whether a request is being answered.
  /// - Returns: Whether further requests are welcome.
  @discardableResult
  func mark(_ channel: any Channel, isBusy: Bool) -> Bool {
    state.withLock { state in
      state.entries[ObjectIdentifier(channel)]?.isBusy = isBusy
      return !state.isStopping
    }
  }

  /// Whether the server ends.
  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// Notes that a connection became a websocket, which has no end of its own.
  func mark(_ channel: any Channel, closing close: @escaping @Sendable () -> Void) {
    state.withLock { $0.entries[ObjectIdentifier(channel)]?.close = close }
  }

  /// Closes the idle connections and says goodbye on the websockets; the others end with their requests.
  func stop() {
    let entries = state.withLock { state in
      state.isStopping = true
      return Array(state.entries.values)
    }
    for entry in entries {
      if let close = entry.close {
        close()
      } else if !entry.isBusy {
        entry.channel.close(promise: nil)
      }
    }
  }

  /// Closes all that is left.
  func closeAll() {
    state.withLock { Array($0.entries.values) }.forEach { $0.channel.close(promise: nil) }
  }
}
