/// A word, a name, a text or a sign of a statement.
struct MySQLWord: Sendable, Hashable {
  /// In lower case, unless it is quoted.
  var text: String
  var isQuoted: Bool
  /// Where it is among the statement's bytes, without its quotes.
  var place: Range<Int>
}

/// Takes a statement apart.
enum MySQLWords {
  /// The words of a statement; what is in comments that are carried out counts, what is in others does not.
  static func all(_ statement: [UInt8]) -> [MySQLWord] {
    var words: [MySQLWord] = []
    var at = 0
    while at < statement.count {
      let rest = statement[at...]
      if let end = blank(rest) {
        at = end
      } else if [Ascii.quote, Ascii.doubleQuote, Ascii.backquote].contains(statement[at]) {
        let end = closing(rest)
        let place = (at + 1)..<max(end, at + 1)
        words.append(
          MySQLWord(text: String(decoding: statement[place], as: UTF8.self), isQuoted: true, place: place))
        at = end + 1
      } else {
        let isWord = Ascii.isWord(statement[at])
        let end = isWord ? rest.firstIndex { !Ascii.isWord($0) } ?? rest.endIndex : at + 1
        let text = String(decoding: statement[at..<end].map(Ascii.lowercase), as: UTF8.self)
        words.append(MySQLWord(text: text, isQuoted: false, place: at..<end))
        at = end
      }
    }
    return words
  }

  /// The end of what is no word: a space, a comment, the sign of one that is carried out.
  private static func blank(_ rest: ArraySlice<UInt8>) -> Int? {
    let start = rest.startIndex
    guard rest[start] > 0x20 else { return start + 1 }
    if rest.starts(with: "*/".utf8) { return start + 2 }
    let isDash = rest.starts(with: "-- ".utf8) || rest.starts(with: "--\n".utf8)
    if isDash || rest[start] == UInt8(ascii: "#") { return rest.position(of: Ascii.newline) }
    guard rest.starts(with: "/*".utf8) else { return nil }
    let mark = ["/*!", "/*M!"].first { rest.starts(with: $0.utf8) }
    if let mark {
      return rest[(start + mark.utf8.count)...].firstIndex { !Ascii.isDigit($0) } ?? rest.endIndex
    }
    let end = rest.indices.dropFirst(2).first { rest[$0...].starts(with: "*/".utf8) }
    return end.map { $0 + 2 } ?? rest.endIndex
  }

  /// The closing quote of what begins with one.
  private static func closing(_ rest: ArraySlice<UInt8>) -> Int {
    let quote = rest[rest.startIndex]
    var at = rest.startIndex + 1
    while at < rest.endIndex, rest[at] != quote {
      at += rest[at] == Ascii.backslash && quote != Ascii.backquote ? 2 : 1
    }
    return min(at, rest.endIndex)
  }
}
