import Logging
import NIOCore
import Synchronization

/// The connections that are open, so that an end of the server closes the idle ones and waits for the others.
///
/// Those who have not shown the password are few, and push out each other, never anybody else.
final class ConnectionRegistry: Sendable {
  private struct Entry {
    let channel: any Channel
    var isBusy = false
    /// How its websocket is closed, once it is one.
    var close: (@Sendable () -> Void)?
  }

  private struct State {
    /// Those who have shown the password.
    var entries: [ObjectIdentifier: Entry] = [:]
    /// Those who have not, each with its number in the order of coming.
    var strangers: [ObjectIdentifier: (channel: any Channel, number: Int)] = [:]
    var count = 0
    var isStopping = false

    /// Takes out whoever came first.
    mutating func oldestStranger() -> (any Channel)? {
      guard let oldest = strangers.min(by: { $0.value.number < $1.value.number }) else { return nil }
      return strangers.removeValue(forKey: oldest.key)?.channel
    }
  }

  private let state = Mutex(State())
  /// How many may be open of those who have shown the password.
  let limit: Int
  private let strangerLimit: Int

  init(limit: Int, strangers: Int) {
    self.limit = limit
    self.strangerLimit = strangers
  }

  /// Takes a new connection in, of which nothing is known yet; the oldest of its kind goes where there are too many.
  /// - Returns: False when the server ends.
  func admit(_ channel: any Channel) -> Bool {
    let (isAdmitted, pushedOut) = state.withLock { state -> (Bool, (any Channel)?) in
      guard !state.isStopping else { return (false, nil) }
      let pushedOut = state.strangers.count < strangerLimit ? nil : state.oldestStranger()
      state.count += 1
      state.strangers[ObjectIdentifier(channel)] = (channel, state.count)
      return (true, pushedOut)
    }
    if let pushedOut {
      logger.debug(
        "pushed out: too many have not shown the password", metadata: ["limit": "\(strangerLimit)"])
      pushedOut.close(promise: nil)
    }
    return isAdmitted
  }

  /// Notes that a connection has shown the password, from which on nobody pushes it out.
  /// - Returns: False when there are too many of them.
  func recognise(_ channel: any Channel) -> Bool {
    state.withLock { state in
      let id = ObjectIdentifier(channel)
      if state.entries[id] != nil { return true }
      guard state.entries.count < limit else { return false }
      // One that was pushed out a moment ago is being closed.
      guard state.strangers.removeValue(forKey: id) != nil else { return true }
      state.entries[id] = Entry(channel: channel)
      return true
    }
  }

  func remove(_ channel: any Channel) {
    state.withLock { state in
      _ = state.entries.removeValue(forKey: ObjectIdentifier(channel))
      _ = state.strangers.removeValue(forKey: ObjectIdentifier(channel))
    }
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
    let (entries, strangers) = state.withLock { state in
      state.isStopping = true
      return (Array(state.entries.values), state.strangers.values.map(\.channel))
    }
    strangers.forEach { $0.close(promise: nil) }
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
    let channels = state.withLock { $0.entries.values.map(\.channel) + $0.strangers.values.map(\.channel) }
    channels.forEach { $0.close(promise: nil) }
  }
}
