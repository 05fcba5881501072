/// Follows the text of a psql script as far as it takes to know whether a place is code, or the inside of a text, a
/// comment or COPY data. The script may be cut anywhere.
///
/// `standard_conforming_strings` is taken to be on, as it is since PostgreSQL 9.1.
struct PostgresScanner: Sendable {
  private enum Place: Sendable, Hashable {
    case code
    /// '…', and E'…' in which a backslash escapes.
    case text(escapes: Bool)
    /// Behind a quote in a text, which ends it unless another quote follows.
    case textEnd(escapes: Bool)
    case textEscape
    /// "…"
    case name
    /// Behind a dollar in code, with what came since.
    case dollarStart([UInt8])
    /// $tag$…$tag$, with what came since the last dollar; nil before one.
    case dollarText([UInt8], since: [UInt8]?)
    case lineComment
    case blockComment(depth: Int)
    /// The lines behind COPY … FROM stdin;
    case copyData
  }

  private var place = Place.code
  private var previous: UInt8 = 0
  private var statement = Statement()
  /// Whether the lines behind this one are data.
  private var isCopyNext = false
  /// The beginning of a line of data.
  private var lineHead: [UInt8] = []

  /// Whether psql takes a backslash here for a command of its own.
  var isInCode: Bool { place == .code }
  /// Whether the lines here are data of COPY.
  var isInData: Bool { place == .copyData }
  /// Whether nothing of a statement has been read.
  var isBetweenStatements: Bool { place == .code && statement.isEmpty }
  /// Whether a statement has ended the transaction that the script began in.
  private(set) var hasEndedTransaction = false

  /// Reads on.
  mutating func take(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while let byte = rest.first {
      if skip(&rest) { continue }
      if take(byte) { rest.removeFirst() }
    }
  }

  /// Passes over what cannot end the present place.
  /// - Returns: Whether there was something of that kind.
  private mutating func skip(_ rest: inout ArraySlice<UInt8>) -> Bool {
    let end: Int
    switch place {
    case .text(escapes: false): end = rest.position(of: Ascii.quote)
    case .name: end = rest.position(of: Ascii.doubleQuote)
    case .lineComment: end = rest.position(of: Ascii.newline)
    case .dollarText(_, since: nil): end = rest.position(of: Ascii.dollar)
    case .copyData where lineHead.isEmpty && rest.first != Ascii.backslash:
      // Lines that end nothing are passed over at once.
      end =
        rest.positionOfBackslashedLine ?? rest.lastIndex(of: Ascii.newline).map { $0 + 1 } ?? rest.startIndex
      guard end == rest.startIndex else { break }
      return skipLine(&rest)
    case .copyData: return skipLine(&rest)
    default: return false
    }
    defer { rest = rest[end...] }
    return end > rest.startIndex
  }

  /// Passes over the rest of a line of data, whose beginning is kept.
  private mutating func skipLine(_ rest: inout ArraySlice<UInt8>) -> Bool {
    let end = rest.position(of: Ascii.newline)
    if lineHead.count < 4 { lineHead += rest[..<end].prefix(4 - lineHead.count) }
    defer { rest = rest[end...] }
    return end > rest.startIndex
  }

  /// - Returns: Whether the byte was used up.
  private mutating func take(_ byte: UInt8) -> Bool {
    switch place {
    case .code: return takeCode(byte)
    case .text(let escapes):
      if byte == Ascii.quote { place = .textEnd(escapes: escapes) }
      if byte == Ascii.backslash, escapes { place = .textEscape }
    case .textEscape: place = .text(escapes: true)
    case .textEnd(let escapes):
      place = byte == Ascii.quote ? .text(escapes: escapes) : .code
      return byte == Ascii.quote
    case .name: place = .code
    case .dollarStart(let tag): return takeTag(byte, tag)
    case .dollarText(let tag, let since): takeDollarText(byte, tag, since)
    case .lineComment:
      place = .code
      return false
    case .blockComment(let depth): takeComment(byte, depth)
    case .copyData:
      if lineHead == [Ascii.backslash, Ascii.dot] || lineHead == [Ascii.backslash, Ascii.dot, Ascii.return] {
        place = .code
      }
      lineHead = []
    }
    return true
  }

  private mutating func takeCode(_ byte: UInt8) -> Bool {
    // A star that opens a comment does not end it as well.
    defer { previous = place == .code ? byte : 0 }
    if Ascii.isWord(byte) || (byte == Ascii.dollar && !statement.word.isEmpty) {
      statement.add(byte)
      return true
    }
    let escapes = statement.word == [Ascii.e]
    if statement.endsTransaction { hasEndedTransaction = true }
    statement.endWord()
    switch byte {
    case Ascii.quote: place = .text(escapes: escapes)
    case Ascii.doubleQuote: place = .name
    case Ascii.dollar: place = .dollarStart([])
    case Ascii.dash where previous == Ascii.dash: place = .lineComment
    case Ascii.star where previous == Ascii.slash: place = .blockComment(depth: 1)
    case Ascii.open: statement.depth += 1
    case Ascii.close: statement.depth -= 1
    case Ascii.semicolon where statement.depth <= 0:
      isCopyNext = isCopyNext || statement.takesData
      statement = Statement()
    case Ascii.newline where isCopyNext:
      (place, isCopyNext, lineHead) = (.copyData, false, [])
    default: return true
    }
    if Ascii.opensText(byte) { statement.interrupt() }
    return true
  }

  private mutating func takeTag(_ byte: UInt8, _ tag: [UInt8]) -> Bool {
    if byte == Ascii.dollar {
      place = .dollarText(tag, since: nil)
      return true
    }
    // $1 is a parameter.
    guard Ascii.isWord(byte), !(tag.isEmpty && Ascii.isDigit(byte)), tag.count < 64 else {
      place = .code
      return false
    }
    place = .dollarStart(tag + [byte])
    return true
  }

  private mutating func takeDollarText(_ byte: UInt8, _ tag: [UInt8], _ since: [UInt8]?) {
    guard let since else { return place = .dollarText(tag, since: []) }
    if byte == Ascii.dollar {
      place = since == tag ? .code : .dollarText(tag, since: [])
    } else {
      place = .dollarText(tag, since: since.count < tag.count ? since + [byte] : nil)
    }
  }

  private mutating func takeComment(_ byte: UInt8, _ depth: Int) {
    var isPair = true
    switch (previous, byte) {
    case (Ascii.slash, Ascii.star): place = .blockComment(depth: depth + 1)
    case (Ascii.star, Ascii.slash): place = depth == 1 ? .code : .blockComment(depth: depth - 1)
    default: isPair = false
    }
    previous = isPair ? 0 : byte
  }
}

/// What of a statement tells whether data follows it.
private struct Statement: Sendable {
  /// The word that is being read, in lower case; of a long one the beginning.
  var word: [UInt8] = []
  var depth = 0
  /// Whether it is COPY … FROM stdin.
  private(set) var takesData = false
  private var isFirst = true
  /// Whether nothing of it has been read.
  var isEmpty: Bool { isFirst && word.isEmpty && depth == 0 }
  /// Whether the word that is being read makes it one that ends a transaction.
  var endsTransaction: Bool { isFirst && depth == 0 && Self.endings.contains(word) }
  private static let endings = ["commit", "rollback", "abort"].map { Array($0.utf8) }
  private var isCopy = false
  private var last: [UInt8] = []

  mutating func add(_ byte: UInt8) {
    if word.count < 8 { word.append(Ascii.lowercase(byte)) }
  }

  mutating func endWord() {
    guard !word.isEmpty else { return }
    if isFirst { isCopy = word == Array("copy".utf8) }
    isFirst = false
    if isCopy, depth == 0, last == Array("from".utf8), word == Array("stdin".utf8) { takesData = true }
    (last, word) = (word, [])
  }

  /// A text or a name in quotes stands between words.
  mutating func interrupt() { (isFirst, last) = (false, []) }
}

/// The bytes that matter in a script.
enum Ascii {
  static let newline = UInt8(ascii: "\n")
  static let `return` = UInt8(ascii: "\r")
  static let backslash = UInt8(ascii: "\\")
  static let dot = UInt8(ascii: ".")
  static let quote = UInt8(ascii: "'")
  static let backquote = UInt8(ascii: "`")
  static let doubleQuote = UInt8(ascii: "\"")
  static let dollar = UInt8(ascii: "$")
  static let dash = UInt8(ascii: "-")
  static let slash = UInt8(ascii: "/")
  static let star = UInt8(ascii: "*")
  static let open = UInt8(ascii: "(")
  static let close = UInt8(ascii: ")")
  static let semicolon = UInt8(ascii: ";")
  static let e = UInt8(ascii: "e")

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x7a).contains(lowercase(byte))
  }
  /// What identifiers consist of: letters, digits, `_`, and every byte beyond ASCII.
  static func isWord(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == 0x5f || byte >= 0x80 }
  static func opensText(_ byte: UInt8) -> Bool { byte == quote || byte == doubleQuote || byte == dollar }
}
