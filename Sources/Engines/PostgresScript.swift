import Essentials

/// Takes the lines out of a dump by which it restricts psql itself: `\restrict KEY` and `\unrestrict KEY`, which pg_dump
/// writes since CVE-2025-8714. drydock has restricted psql by then, with a key of its own, and psql takes no second one.
///
/// Outside of code these words are data and stay. No safety rests on this: psql refuses commands, and `UnrestrictGuard` what
/// psql does not refuse.
struct RestrictionLines: ScriptFilter {
  private var scanner = PostgresScanner()
  /// Nil for a script that is trusted.
  private var watch: UnrestrictGuard?
  /// The key that the dump named. Up to the line with the same key nothing else is looked for.
  private var key: [UInt8]?
  /// The beginning of a line that may be one of those.
  private var held: [UInt8] = []
  private var isAtLineStart = true
  private var isAtBeginning = true

  /// No such line is longer.
  private static let longest = 256
  private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  init(isTrusted: Bool = false) {
    watch = isTrusted ? nil : UnrestrictGuard()
  }

  mutating func take(_ bytes: [UInt8]) throws -> [UInt8] {
    try watch?.look(at: bytes)
    var rest = bytes[...]
    // psql ignores it as well, but not behind drydock's own words.
    if isAtBeginning, bytes.starts(with: Self.byteOrderMark) { rest = rest.dropFirst(3) }
    isAtBeginning = false
    var output: [UInt8] = []
    output.reserveCapacity(held.count + bytes.count)
    while let first = rest.first {
      let isCommand = isAtLineStart && first == Ascii.backslash && (key != nil || scanner.isInCode)
      if isCommand || !held.isEmpty { hold(&rest, &output) } else { pass(&rest, &output) }
    }
    return output
  }

  mutating func finish() -> [UInt8] {
    var output: [UInt8] = []
    judge(&output)
    return output
  }

  /// Hands on everything before the next line that may be one of those.
  private mutating func pass(_ rest: inout ArraySlice<UInt8>, _ output: inout [UInt8]) {
    var end = rest.startIndex
    repeat {
      end = rest[(end + 1)...].position(of: Ascii.backslash)
    } while end < rest.endIndex && rest[end - 1] != Ascii.newline
    hand(rest[..<end], &output)
    rest = rest[end...]
  }

  private mutating func hand(_ bytes: ArraySlice<UInt8>, _ output: inout [UInt8]) {
    if key == nil { scanner.take(bytes) }
    output += bytes
    isAtLineStart = bytes.last == Ascii.newline
  }

  private mutating func hold(_ rest: inout ArraySlice<UInt8>, _ output: inout [UInt8]) {
    let end = rest.position(of: Ascii.newline)
    held += rest[..<end]
    rest = rest[end...]
    if !rest.isEmpty || held.count > Self.longest { judge(&output) }
  }

  private mutating func judge(_ output: inout [UInt8]) {
    let line = held[...]
    (held, isAtLineStart) = ([], false)
    if !isRestriction(line) { hand(line, &output) }
  }

  private mutating func isRestriction(_ line: ArraySlice<UInt8>) -> Bool {
    let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == Ascii.return }
    guard line.count <= Self.longest, words.count == 2, words[1].allSatisfy(Ascii.isLetterOrDigit) else {
      return false
    }
    if key == nil, words[0].elementsEqual("\\restrict".utf8) {
      key = Array(words[1])
      return true
    }
    guard let key, words[1].elementsEqual(key), words[0].elementsEqual("\\unrestrict".utf8) else {
      return false
    }
    (self.key, scanner) = (nil, PostgresScanner())
    return true
  }
}

extension ArraySlice<UInt8> {
  /// Where a line other than the first begins with a backslash; nil where none does.
  var positionOfBackslashedLine: Int? {
    var found = position(of: Ascii.backslash)
    while found < endIndex {
      if found > startIndex, self[found - 1] == Ascii.newline { return found }
      found = self[(found + 1)...].position(of: Ascii.backslash)
    }
    return nil
  }

  /// Where a byte first is; the end where it is not.
  func position(of byte: UInt8) -> Int {
    withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else {
        return endIndex
      }
      return startIndex + (UnsafeRawPointer(found) - UnsafeRawPointer(base))
    }
  }
}
