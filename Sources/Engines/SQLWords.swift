/// A word, a name or a sign of a statement.
struct SQLWord: Sendable, Hashable {
  /// In lower case, as PostgreSQL reads it, unless it is quoted.
  var text: String
  var isQuoted = false

  /// Whether it is this word of the language, and no name in quotes.
  func isWord(_ word: String) -> Bool { !isQuoted && text == word }
}

/// Takes a line apart that is one whole statement.
enum SQLWords {
  /// The words of a statement in one line, its semicolon left out; nil for anything else.
  static func statement(_ line: ArraySlice<UInt8>) -> [SQLWord]? {
    var words: [SQLWord] = []
    var rest = line
    while let byte = rest.first {
      switch byte {
      case 0x20, 0x09, Ascii.return: rest.removeFirst()
      case Ascii.semicolon:
        let isLast = rest.dropFirst().allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == Ascii.return }
        return isLast ? words : nil
      case Ascii.quote, Ascii.doubleQuote:
        guard let text = quoted(&rest, byte) else { return nil }
        words.append(SQLWord(text: text, isQuoted: true))
      case _ where Ascii.isWord(byte):
        let end = rest.firstIndex { !Ascii.isWord($0) && $0 != Ascii.dollar } ?? rest.endIndex
        words.append(SQLWord(text: String(decoding: rest[..<end].map(Ascii.lowercase), as: UTF8.self)))
        rest = rest[end...]
      default:
        words.append(SQLWord(text: String(decoding: [byte], as: UTF8.self)))
        rest.removeFirst()
      }
    }
    return nil
  }

  /// What is between two quotes, where doubled ones stand for one.
  private static func quoted(_ rest: inout ArraySlice<UInt8>, _ quote: UInt8) -> String? {
    var text: [UInt8] = []
    rest.removeFirst()
    while true {
      let end = rest.position(of: quote)
      guard end < rest.endIndex else { return nil }
      text += rest[..<end]
      rest = rest[(end + 1)...]
      guard rest.first == quote else { return String(decoding: text, as: UTF8.self) }
      text.append(quote)
      rest.removeFirst()
    }
  }
}
