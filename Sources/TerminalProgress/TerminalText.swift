/// Text that somebody else wrote, made harmless for a terminal: what would move its cursor, change its settings, turn
/// the order of its letters round or break a line is shown as an escape (`\x1b`, `\u202e`, `\n`).
package enum TerminalText {
  /// A text on one line. A tab becomes a space.
  package static func line(_ text: String) -> String {
    guard holdsControl(text, besides: []) else { return text }
    return escaped(text) { $0 == "\t" ? " " : escape($0) }
  }

  /// A text of several lines, whose line feeds and tabs stay.
  package static func lines(_ text: String) -> String {
    guard holdsControl(text, besides: ["\n", "\t"]) else { return text }
    return escaped(text) { $0 == "\n" || $0 == "\t" ? String($0) : escape($0) }
  }

  /// A message: its lines after the first are set in, so that none of them can pass for a message of its own.
  package static func message(_ text: String) -> String {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    return parts.enumerated().map { index, part in
      (index == 0 || part.isEmpty || part.hasPrefix("  ") ? "" : "  ") + line(String(part))
    }.joined(separator: "\n")
  }

  /// JSON, in which the same characters are escaped as JSON does it. Between its strings there are none but line feeds.
  package static func json(_ text: String) -> String {
    guard holdsControl(text, besides: ["\n", "\t"]) else { return text }
    return escaped(text) { $0 == "\n" || $0 == "\t" ? String($0) : "\\u\(hexadecimal($0, digits: 4))" }
  }

  /// Whether a terminal does something with a character instead of showing it: the C0 and C1 controls, DEL, the
  /// separators of lines, and what sets the direction of text.
  static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f...0x9f, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
  }

  private static func holdsControl(_ text: String, besides allowed: Set<Unicode.Scalar>) -> Bool {
    text.unicodeScalars.contains { isControl($0) && !allowed.contains($0) }
  }

  private static func escaped(_ text: String, _ replace: (Unicode.Scalar) -> String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if isControl(scalar) { result += replace(scalar) } else { result.unicodeScalars.append(scalar) }
    }
    return result
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    default:
      scalar.value < 0x80 ? "\\x\(hexadecimal(scalar, digits: 2))" : "\\u\(hexadecimal(scalar, digits: 4))"
    }
  }

  private static func hexadecimal(_ scalar: Unicode.Scalar, digits: Int) -> String {
    let text = String(scalar.value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// The same for a stream of bytes, of which a piece may end within a character.
package struct TerminalTextStream: Sendable {
  private var pending: [UInt8] = []

  /// A stream at its beginning.
  package init() {}

  /// What a terminal may be shown of the next bytes. A carriage return before a line feed stays.
  package mutating func show(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    pending += bytes
    let whole = pending.count - Self.unfinished(pending)
    defer { pending.removeFirst(whole) }
    return Self.shown(pending[..<whole])
  }

  /// What is left at the end.
  package mutating func finish() -> [UInt8] {
    defer { pending = [] }
    return Self.shown(pending[...])
  }

  private static func shown(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let text = String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n")
    return Array(TerminalText.lines(text).utf8)
  }

  /// How many bytes at the end begin a character, or a line's end, that is not whole.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    if bytes.last == 0x0d { return 1 }
    for (index, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xc0 != 0x80 {
      let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
      return length > index + 1 ? index + 1 : 0
    }
    return 0
  }
}
