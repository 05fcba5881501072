import DrydockBase

/// Which lines a pattern selects, in the simple form of CloudWatch's patterns: words that a line has to hold, all of them;
/// of those after `?` one at least, and none of those after `-`. In quotes there may be spaces.
package struct LogFilter: Sendable, Hashable {
  private var all: [String] = []
  private var any: [String] = []
  private var none: [String] = []

  /// A filter by its pattern; without a word it selects all lines.
  /// - Throws: `DrydockError.failed` for the forms that look into JSON and columns, and regular expressions.
  package init(_ pattern: String) throws {
    guard let first = pattern.unicodeScalars.first(where: { $0 != " " }),
      !"{[%".unicodeScalars.contains(first)
    else {
      if pattern.unicodeScalars.allSatisfy({ $0 == " " }) { return }
      throw DrydockError(
        .failed, "patterns for JSON, columns and regular expressions are not known here: \(pattern)",
        suggestion: "give words that lines hold, ?WORD for one of several, -WORD for none")
    }
    for (sign, word) in Self.words(pattern) where !word.isEmpty {
      switch sign {
      case "?": any.append(word)
      case "-": none.append(word)
      default: all.append(word)
      }
    }
  }

  /// Whether a line is selected.
  package func selects(_ line: String) -> Bool {
    all.allSatisfy(line.holdsExactly) && !none.contains(where: line.holdsExactly)
      && (any.isEmpty || any.contains(where: line.holdsExactly))
  }

  private static func words(_ pattern: String) -> [(sign: Character?, word: String)] {
    var words: [(Character?, String)] = []
    var rest = Substring(pattern)
    while true {
      rest = rest.drop { $0 == " " }
      guard let first = rest.first else { return words }
      let sign: Character? = "?-".contains(first) ? first : nil
      if sign != nil { rest = rest.dropFirst() }
      let isQuoted = rest.first == "\""
      if isQuoted { rest = rest.dropFirst() }
      let word = rest.prefix { $0 != (isQuoted ? "\"" : " ") }
      words.append((sign, String(word)))
      rest = rest.dropFirst(word.count + (isQuoted ? 1 : 0))
    }
  }
}
