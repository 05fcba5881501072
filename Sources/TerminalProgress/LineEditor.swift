/// One line being typed, with the lines before it: what the keys of a terminal do to it. Pure: keys in, drawing out.
struct LineEditor {
  /// What a key led to.
  enum Event: Sendable, Hashable {
    /// The line looks different.
    case edited
    /// The line is done.
    case line(String)
    /// Ctrl-C: the line is given up.
    case cancelled
    /// Ctrl-D on an empty line.
    case end
  }

  private(set) var text: [Character] = []
  private(set) var cursor = 0
  private var history: [String] = []
  private var place = 0
  private var draft: [Character] = []
  private var pending: [UInt8] = []

  /// The line as text.
  var line: String { String(text) }

  /// Adds bytes as a terminal in raw mode sends them.
  mutating func feed(_ bytes: [UInt8]) { pending += bytes }

  /// What the next key led to; nil when there is no whole key.
  mutating func next() -> Event? {
    while let (key, length) = Self.key(pending) {
      pending.removeFirst(length)
      if let event = apply(key) { return event }
    }
    return nil
  }

  private enum Key {
    case character(Character), control(UInt8), up, down, left, right, home, end, delete, other
  }

  /// The first whole key in these bytes.
  private static func key(_ bytes: [UInt8]) -> (Key, Int)? {
    guard let first = bytes.first else { return nil }
    if first == 0x1b { return escape(bytes) }
    if first < 0x20 || first == 0x7f { return (.control(first), 1) }
    let length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
    guard bytes.count >= length else { return nil }
    return (.character(Character(String(decoding: bytes[..<length], as: UTF8.self))), length)
  }

  /// The sequences that terminals send for keys without a character (ECMA-48, xterm).
  private static func escape(_ bytes: [UInt8]) -> (Key, Int)? {
    guard bytes.count >= 2 else { return nil }
    guard bytes[1] == UInt8(ascii: "[") || bytes[1] == UInt8(ascii: "O") else { return (.other, 2) }
    guard let end = bytes.dropFirst(2).firstIndex(where: { (0x40...0x7e).contains($0) }) else { return nil }
    let key: Key =
      switch String(decoding: bytes[2...end], as: UTF8.self) {
      case "A": .up
      case "B": .down
      case "C": .right
      case "D": .left
      case "H", "1~", "7~": .home
      case "F", "4~", "8~": .end
      case "3~": .delete
      default: .other
      }
    return (key, end + 1)
  }

  private mutating func apply(_ key: Key) -> Event? {
    switch key {
    case .character(let character):
      text.insert(character, at: cursor)
      cursor += 1
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(text.count, cursor + 1)
    case .home: cursor = 0
    case .end: cursor = text.count
    case .up: recall(place - 1)
    case .down: recall(place + 1)
    case .delete: if cursor < text.count { text.remove(at: cursor) }
    case .control(let code): return control(code)
    case .other: return nil
    }
    return .edited
  }

  private mutating func control(_ code: UInt8) -> Event? {
    switch code {
    case 0x0d, 0x0a: return .line(finish())
    case 0x03:
      reset()
      return .cancelled
    case 0x04 where text.isEmpty: return .end
    case 0x04: if cursor < text.count { text.remove(at: cursor) }
    case 0x08, 0x7f:
      guard cursor > 0 else { return nil }
      cursor -= 1
      text.remove(at: cursor)
    case 0x01: cursor = 0
    case 0x05: cursor = text.count
    case 0x0b: text.removeSubrange(cursor...)
    case 0x15:
      text.removeSubrange(..<cursor)
      cursor = 0
    case 0x10: recall(place - 1)
    case 0x0e: recall(place + 1)
    default: return nil
    }
    return .edited
  }

  private mutating func finish() -> String {
    let done = line
    if !done.isEmpty, history.last != done { history.append(done) }
    reset()
    return done
  }

  private mutating func reset() {
    text = []
    cursor = 0
    place = history.count
    draft = []
  }

  private mutating func recall(_ wanted: Int) {
    guard (0...history.count).contains(wanted), wanted != place else { return }
    if place == history.count { draft = text }
    place = wanted
    text = wanted == history.count ? draft : Array(history[wanted])
    cursor = text.count
  }
}
