/// Where a quote was forgotten: what YAML complains of stands far behind it.
extension YAMLRemark {
  /// A quote that begins a value and closes, a line or more later, right before what YAML complains of: by what was to open
  /// another.
  static func lateQuote(before offset: Int, _ source: ManifestSource) -> (start: Int, end: Int)? {
    let bytes = source.text.bytes
    var position = 0
    while position < min(offset, bytes.count) {
      let byte = bytes[position]
      if byte == UInt8(ascii: "#"), isAfterBlank(position, bytes) {
        position = endOfLine(position, bytes)
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), opensValue(position, bytes) {
        // One that never closes stands in a text where quotes are letters: YAML would complain of nothing else.
        guard let end = closing(of: byte, from: position + 1, bytes), end < offset else { return nil }
        let isLate = bytes[position..<end].contains(newline) && offset <= endOfLine(end, bytes)
        if isLate { return (position, end) }
        position = end + 1
      } else {
        position += 1
      }
    }
    return nil
  }

  private static let newline = UInt8(ascii: "\n")

  private static func endOfLine(_ position: Int, _ bytes: [UInt8]) -> Int {
    bytes[position...].firstIndex(of: newline) ?? bytes.count
  }

  private static func isAfterBlank(_ position: Int, _ bytes: [UInt8]) -> Bool {
    position == 0 || [0x20, 0x09, newline].contains(bytes[position - 1])
  }

  /// Whether a quote begins a text: elsewhere it is a letter like others.
  private static func opensValue(_ position: Int, _ bytes: [UInt8]) -> Bool {
    var before = position - 1
    while before >= 0, bytes[before] == 0x20 { before -= 1 }
    guard before >= 0 else { return true }
    let isApart = before < position - 1
    switch bytes[before] {
    case newline, UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","): return true
    case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "?"): return isApart
    default: return false
    }
  }

  private static func closing(of quote: UInt8, from start: Int, _ bytes: [UInt8]) -> Int? {
    var position = start
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        position += 1
      } else if bytes[position] == quote {
        // Two single quotes are one in a text.
        guard quote == UInt8(ascii: "'"), position + 1 < bytes.count, bytes[position + 1] == quote else {
          return position
        }
        position += 1
      }
      position += 1
    }
    return nil
  }
}
