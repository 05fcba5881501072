/// Follows a script for the MySQL family's clients, statement by statement, and has those judged that are about the server
/// which it comes from. What remains is the data, which is the app's here.
///
/// All others pass as they come, however long. Newlines stay, so that lines keep their numbers. `sql_mode` is taken to
/// have backslashes escape, as dumps have it.
struct MySQLScript: ScriptFilter {
  private enum Place: Hashable {
    case code
    /// Inside of these quotes.
    case quoted(UInt8)
    case lineComment, blockComment
  }

  private enum Phase {
    /// Before a statement.
    case between
    /// In a statement whose first word has not come: it is held.
    case undecided
    /// In a statement that is judged when it is whole.
    case holding
    /// In a statement that nobody judges.
    case passing
  }

  private var place = Place.code
  private var phase = Phase.between
  private var delimiter = [Ascii.semicolon]
  /// What has not been read: what lies behind the place may decide.
  private var rest: [UInt8] = []
  private var held: [UInt8] = []
  /// Statements that make a database, until it is known whether the script then goes to it.
  private var waiting: [UInt8] = []
  private var judge: MySQLStatementJudge

  /// The first words of statements that are judged.
  private static let judged: Set<String> = ["set", "use", "create", "drop", "alter", "change"]
  /// As far as a decision looks ahead.
  private static let lookahead = 32
  /// A longer statement is data, whatever it begins with.
  private static let longest = 1 << 20

  init(here: MySQLSurroundings) { judge = MySQLStatementJudge(here: here) }

  var remarks: [String] { judge.remarks }

  mutating func take(_ bytes: [UInt8]) throws -> [UInt8] {
    rest += bytes
    return try read(isLast: false)
  }

  mutating func finish() throws -> [UInt8] {
    var output = try read(isLast: true)
    if phase == .holding { try settle(&output) } else { output += held }
    output += waiting
    return output
  }

  private mutating func read(isLast: Bool) throws -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(rest.count)
    let limit = isLast ? rest.count : rest.count - Self.lookahead
    var at = 0
    while at < limit, let end = try step(at, limit, isLast, &output) { at = end }
    rest.removeFirst(at)
    return output
  }

  /// Reads on from a place.
  /// - Returns: Where it came to; nil where it takes more to go on.
  private mutating func step(_ at: Int, _ limit: Int, _ isLast: Bool, _ output: inout [UInt8]) throws
    -> Int?
  {
    guard place == .code else {
      let end = passOver(at, limit)
      append(at, end, &output)
      return end
    }
    let byte = rest[at]
    if has(delimiter, at) {
      append(at, at + delimiter.count, &output)
      try settle(&output)
      return at + delimiter.count
    }
    if let end = opening(at, byte) {
      append(at, end, &output)
      return end
    }
    guard phase == .between || phase == .undecided, Ascii.isWord(byte) else {
      // Nothing that is judged begins with a sign.
      if !Self.isBlank(byte), phase != .holding { release(&output) }
      let end = plain(at, limit)
      append(at, end, &output)
      return end
    }
    return begin(at, isLast, &output)
  }

  /// Reads a statement's first word.
  private mutating func begin(_ at: Int, _ isLast: Bool, _ output: inout [UInt8]) -> Int? {
    let end = rest[at...].firstIndex { !Ascii.isWord($0) } ?? rest.endIndex
    let word = String(decoding: rest[at..<end].prefix(16).map(Ascii.lowercase), as: UTF8.self)
    if word == "delimiter", phase == .between {
      let line = rest[end...].position(of: Ascii.newline)
      guard line < rest.endIndex || isLast else { return nil }
      let new = rest[end..<line].split(whereSeparator: Self.isBlank).first
      delimiter = new.map { Array($0) } ?? delimiter
      append(at, line, &output)
      return line
    }
    if Self.judged.contains(word) { phase = .holding } else { release(&output) }
    append(at, end, &output)
    return end
  }

  /// Quotes and comments that begin here; of a comment whose text is carried out, the sign alone.
  private mutating func opening(_ at: Int, _ byte: UInt8) -> Int? {
    switch byte {
    case Ascii.quote, Ascii.doubleQuote, Ascii.backquote:
      place = .quoted(byte)
      return at + 1
    case UInt8(ascii: "#"):
      place = .lineComment
      return at + 1
    case Ascii.dash where has(Array("--".utf8), at) && rest.dropFirst(at + 2).first ?? 0 <= 0x20:
      place = .lineComment
      return at + 2
    case Ascii.star where has(Array("*/".utf8), at): return at + 2
    case Ascii.slash where has(Array("/*".utf8), at): return comment(at)
    default: return nil
    }
  }

  private mutating func comment(_ at: Int) -> Int {
    let mark = ["/*!", "/*M!"].first { has(Array($0.utf8), at) }
    guard let mark else {
      place = .blockComment
      return at + 2
    }
    let digits = rest[(at + mark.utf8.count)...].prefix(6).prefix(while: Ascii.isDigit)
    // No server is as new: these are for the clients.
    if digits.elementsEqual("999999".utf8) {
      place = .blockComment
      return at + 2
    }
    if phase == .between { phase = .undecided }
    return digits.endIndex
  }

  /// The end of what is no code, or as far as it has come.
  private mutating func passOver(_ at: Int, _ limit: Int) -> Int {
    switch place {
    case .code: return at
    case .quoted(let quote):
      let escapes = quote != Ascii.backquote
      let found = rest[at..<limit].firstIndex { $0 == quote || (escapes && $0 == Ascii.backslash) }
      guard let found else { return limit }
      guard rest[found] == quote else { return min(found + 2, rest.count) }
      place = .code
      return found + 1
    case .lineComment:
      let end = rest[at..<limit].position(of: Ascii.newline)
      guard end < limit else { return limit }
      place = .code
      return end + 1
    case .blockComment:
      var end = at
      while true {
        end = rest[end..<limit].position(of: Ascii.star)
        guard end < limit else { return limit }
        end += 1
        if end < rest.count, rest[end] == Ascii.slash { break }
      }
      place = .code
      return end + 1
    }
  }

  /// The end of what is nothing special.
  private func plain(_ at: Int, _ limit: Int) -> Int {
    let first = delimiter.first ?? Ascii.semicolon
    let (isOpen, special) = (phase == .between || phase == .undecided, Self.special)
    return rest.withUnsafeBufferPointer { bytes in
      var end = at + 1
      while end < limit, !special[Int(bytes[end])], bytes[end] != first {
        if isOpen, !Self.isBlank(bytes[end]) { break }
        end += 1
      }
      return end
    }
  }

  private static let special: [Bool] = (0...255).map { "'\"`#-*/".utf8.contains(UInt8($0)) }

  private func has(_ bytes: [UInt8], _ at: Int) -> Bool { rest[at...].starts(with: bytes) }

  private static func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }

  private mutating func append(_ from: Int, _ to: Int, _ output: inout [UInt8]) {
    switch phase {
    case .between where !waiting.isEmpty: waiting += rest[from..<to]
    case .between, .passing: output += rest[from..<to]
    case .undecided, .holding:
      held += rest[from..<to]
      if held.count > Self.longest { release(&output) }
    }
  }

  /// Lets a statement go that nobody judges.
  private mutating func release(_ output: inout [UInt8]) {
    output += waiting + held
    (waiting, held, phase) = ([], [], .passing)
  }

  /// Does what is due at a statement's end.
  private mutating func settle(_ output: inout [UInt8]) throws {
    defer { (held, phase) = ([], .between) }
    guard phase == .holding else { return output += held }
    switch try judge.verdict(on: held) {
    case .setting(let statement):
      output += statement
      return
    case .statement(let statement): output += waiting + statement
    case .nothing:
      if waiting.isEmpty { output += Self.newlines(held) } else { waiting += Self.newlines(held) }
      return
    case .database:
      waiting += held
      return
    case .useOfDatabase: output += Self.newlines(waiting) + Self.newlines(held)
    }
    waiting = []
  }

  private static func newlines(_ bytes: [UInt8]) -> [UInt8] { bytes.filter { $0 == Ascii.newline } }
}
