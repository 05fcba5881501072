import NativeProcess

/// Messages that wait until a drain takes them, and those of which it is not certain yet that it did.
///
/// It is bounded: what comes while it is full is counted, and told once there is room again.
struct DrainBuffer: Sendable {
  /// A message, and a number that later ones exceed.
  struct Entry: Sendable, Hashable {
    let number: Int
    let message: SyslogMessage
  }

  private let countLimit: Int
  private let byteLimit: Int
  private let app: String
  private var entries: [Entry] = []
  /// How many of the first ones are under way.
  private var sentCount = 0
  private var byteCount = 0
  private var next = 0
  /// How many were left out since that was told last.
  private(set) var dropped = 0

  /// - Parameter app: Whose lines they are.
  init(app: String, countLimit: Int = 10_000, byteLimit: Int = 8 << 20) {
    self.app = app
    self.countLimit = countLimit
    self.byteLimit = byteLimit
  }

  /// Whether all that came was taken.
  var isEmpty: Bool { entries.isEmpty }

  /// Takes lines.
  /// - Returns: How many were left out before one for which there was room again; 0 for none.
  mutating func add(_ message: SyslogMessage, at time: @autoclosure () -> LogTime) -> Int {
    // What was sent already is most probably there.
    if !hasRoom(for: message) { forgetSent() }
    guard hasRoom(for: message) else {
      dropped += 1
      return 0
    }
    let told = dropped
    if told > 0 {
      dropped = 0
      append(SyslogMessage(dropped: told, app: app, at: time()))
    }
    append(message)
    return told
  }

  private func hasRoom(for message: SyslogMessage) -> Bool {
    // After some were left out a part has to be empty again, so that not every second one is.
    let share = dropped > 0 ? 2 : 1
    return entries.count < countLimit / share && byteCount + message.bytes.count <= byteLimit / share
  }

  private mutating func append(_ message: SyslogMessage) {
    entries.append(Entry(number: next, message: message))
    next += 1
    byteCount += message.bytes.count
  }

  /// The next message to send, which is under way then; nil for none.
  mutating func send() -> Entry? {
    guard sentCount < entries.count else { return nil }
    defer { sentCount += 1 }
    return entries[sentCount]
  }

  /// Lets go of what was taken for certain: all up to a number.
  mutating func settle(upTo number: Int) {
    let count = entries.prefix(sentCount).prefix { $0.number <= number }.count
    byteCount -= entries.prefix(count).reduce(0) { $0 + $1.message.bytes.count }
    entries.removeFirst(count)
    sentCount -= count
  }

  private mutating func forgetSent() {
    if let last = entries.prefix(sentCount).last { settle(upTo: last.number) }
  }

  /// Has everything sent again of which it is not certain that it was taken.
  mutating func rewind() { sentCount = 0 }
}
