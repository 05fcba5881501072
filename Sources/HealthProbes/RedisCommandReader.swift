/// Takes commands out of a stream in redis's wire format: `*N`, then N times `$length` and that many bytes.
///
/// Source: redis's protocol specification, "Sending commands to a Redis server".
struct RedisCommandReader {
  private var buffer: [UInt8] = []
  private var start = 0
  private var words: [[UInt8]] = []
  private var missing = 0
  private var length: Int?
  private(set) var count = 0

  /// A value may have 512 MB; more words than these has no command of an export.
  private static let limits = (words: 1024, bytes: 512 << 20)

  /// Adds bytes.
  mutating func feed(_ bytes: [UInt8]) {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    buffer += bytes
  }

  /// Whether nothing of an unfinished command is left.
  var isComplete: Bool { start == buffer.count && missing == 0 }

  /// The next whole command; nil while it is incomplete.
  mutating func next() throws(TransferFormatError) -> [[UInt8]]? {
    while true {
      if let length {
        guard let bytes = try take(length) else { return nil }
        words.append(bytes)
        self.length = nil
        missing -= 1
        if missing == 0 {
          defer { words = [] }
          count += 1
          return words
        }
      } else {
        let isHead = missing == 0
        guard let number = try number(after: isHead ? "*" : "$") else { return nil }
        if isHead { missing = number } else { length = number }
        guard number <= (isHead ? Self.limits.words : Self.limits.bytes), !isHead || number > 0 else {
          throw damaged
        }
      }
    }
  }

  private mutating func number(after mark: Unicode.Scalar) throws(TransferFormatError) -> Int? {
    guard let first = buffer[start...].first else { return nil }
    guard first == UInt8(ascii: mark) else { throw damaged }
    guard let end = buffer[start...].prefix(24).firstIndex(of: UInt8(ascii: "\n")) else {
      if buffer.count - start < 24 { return nil }
      throw damaged
    }
    let digits = buffer[(start + 1)..<end].filter { $0 != UInt8(ascii: "\r") }
    guard let number = Int(String(decoding: digits, as: UTF8.self)), number >= 0 else { throw damaged }
    start = end + 1
    return number
  }

  private mutating func take(_ length: Int) throws(TransferFormatError) -> [UInt8]? {
    guard buffer.count - start >= length + 2 else { return nil }
    let end = start + length
    guard buffer[end] == UInt8(ascii: "\r"), buffer[end + 1] == UInt8(ascii: "\n") else { throw damaged }
    defer { start = end + 2 }
    return Array(buffer[start..<end])
  }

  private var damaged: TransferFormatError {
    TransferFormatError(
      count == 0 ? "this is no export of a redis" : "the export is damaged after command \(count)",
      suggestion: "take a file that drydock resources export wrote")
  }
}
