/// Puts lines together from a stream of bytes, whatever pieces it comes in: a character that is cut between two pieces
/// is whole again. A line ends at a line feed, as programs write them; a carriage return before it is dropped. Bytes that
/// are no UTF-8 are replaced.
package struct LineAssembler: Sendable {
  /// The longest line that is kept, in bytes. What a program writes without a line break would else be held for ever.
  package static let lineLimit = 64 << 10

  private let limit: Int
  private var rest: [UInt8] = []
  private var dropped = 0

  /// Lines of at most so many bytes; of a longer one the beginning is kept, and its end says how much is missing.
  package init(limit: Int = Self.lineLimit) {
    self.limit = limit
  }

  /// Takes the next piece and returns the lines that are complete by it.
  package mutating func take(_ bytes: some Collection<UInt8>) -> [String] {
    var lines: [String] = []
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      keep(bytes[start..<end])
      lines.append(takeLine())
      start = bytes.index(after: end)
    }
    keep(bytes[start...])
    return lines
  }

  /// What stands behind the last line break; nil where nothing does.
  package mutating func finish() -> String? { rest.isEmpty ? nil : takeLine() }

  private mutating func keep(_ bytes: some Collection<UInt8>) {
    let kept = bytes.prefix(limit - rest.count)
    rest += kept
    dropped += bytes.count - kept.count
  }

  private mutating func takeLine() -> String {
    defer { (rest, dropped) = ([], 0) }
    guard dropped == 0 else {
      let cut = rest.cutCharacter
      return String(decoding: rest.dropLast(cut), as: UTF8.self) + "… (\(dropped + cut) more bytes)"
    }
    if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
    return String(decoding: rest, as: UTF8.self)
  }
}

extension [UInt8] {
  /// How many bytes at the end begin a UTF-8 character that goes on behind them.
  fileprivate var cutCharacter: Int {
    for length in 1...Swift.min(3, Swift.max(1, count)) where length <= count {
      let byte = self[count - length]
      if byte & 0xC0 == 0x80 { continue }
      let whole = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return whole > length ? length : 0
    }
    return 0
  }
}
