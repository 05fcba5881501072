#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Puts lines together from a log's records, `NANOSECONDS LETTER BYTES\n` each, in whatever portions these come. A
/// capital letter says that the line goes on in its stream's next record.
struct LineParser {
  /// The longest record: a time, a letter, a piece.
  static let recordLimit = (16 << 10) + 64

  /// What began in the portion before.
  private var rest: [UInt8] = []
  private var pieces: [LogLine.Stream: [UInt8]] = [:]
  /// Whether the first record is only the rest of one.
  private var isCut: Bool

  /// Before that nothing is put together.
  private let since: LogTime

  init(isCut: Bool = false, since: LogTime = .distantPast) {
    self.isCut = isCut
    self.since = since
  }

  /// Takes the next portion of a log, and adds the lines that are complete by it.
  mutating func take(_ bytes: UnsafeRawBufferPointer, into lines: inout [LogLine]) {
    var start = 0
    while start < bytes.count, let base = bytes.baseAddress,
      let found = memchr(base + start, 0x0a, bytes.count - start)
    {
      let end = base.distance(to: UnsafeRawPointer(found))
      if rest.isEmpty {
        take(record: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: &lines)
      } else {
        let record = rest + bytes[start..<end]
        rest = []
        record.withUnsafeBytes { take(record: $0, into: &lines) }
      }
      start = end + 1
    }
    // Longer than any record: no log of ours.
    if rest.count < 4 * Self.recordLimit { rest += bytes[start...] }
  }

  private mutating func take(record: UnsafeRawBufferPointer, into lines: inout [LogLine]) {
    guard !isCut else { return isCut = false }
    guard let head = RecordHead(record) else { return }
    if head.time < since, !head.goesOn {
      pieces[head.stream] = nil
      return
    }
    let bytes = record[head.length...]
    let begun = pieces.removeValue(forKey: head.stream)
    if head.goesOn, (begun?.count ?? 0) + bytes.count < LogLine.limit {
      pieces[head.stream] = (begun ?? []) + bytes
      return
    }
    lines.append(LogLine(time: head.time, stream: head.stream, bytes: (begun ?? []) + bytes))
  }
}

/// What stands before a record's bytes.
private struct RecordHead {
  let time: LogTime
  let stream: LogLine.Stream
  let goesOn: Bool
  let length: Int

  /// Nil for what is no record.
  init?(_ record: UnsafeRawBufferPointer) {
    var (time, at) = (Int64(0), 0)
    while at < record.count, at < 19, case let digit = record[at], (0x30...0x39).contains(digit) {
      time = time * 10 + Int64(digit - 0x30)
      at += 1
    }
    guard at > 0, at + 2 < record.count, record[at] == 0x20, record[at + 2] == 0x20,
      let stream = Self.stream(record[at + 1] | 0x20)
    else { return nil }
    self.time = LogTime(nanoseconds: time)
    self.stream = stream
    goesOn = record[at + 1] & 0x20 == 0
    length = at + 3
  }

  private static func stream(_ letter: UInt8) -> LogLine.Stream? {
    switch letter {
    case UInt8(ascii: "o"): .output
    case UInt8(ascii: "e"): .error
    case UInt8(ascii: "s"): .event
    default: nil
    }
  }
}
