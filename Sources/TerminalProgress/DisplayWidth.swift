/// How text sits on a screen of character cells.
package enum DisplayWidth {
  /// The cells that a text takes: none for colour sequences, marks and control characters, two for wide
  /// (East Asian, emoji) characters, one for others.
  package static func of(_ text: String) -> Int {
    pieces(of: text).reduce(0) { $0 + $1.width }
  }

  /// The text cut to a number of cells, with `…` at its end where something is cut. Colours are closed.
  package static func truncated(_ text: String, to columns: Int) -> String {
    guard of(text) > columns else { return text }
    guard columns > 0 else { return "" }
    var kept = ""
    var width = 0
    var coloured = false
    for piece in pieces(of: text) {
      if width + piece.width > columns - 1 { break }
      kept += piece.text
      width += piece.width
      if piece.isColour { coloured = !piece.text.hasSuffix("[0m") }
    }
    return kept + "…" + (coloured ? "\u{1B}[0m" : "")
  }

  /// The text cut to a number of cells by leaving out its middle, for which `…` stands: what tells names apart is as often
  /// their end as their beginning. Colours are left out where something is cut.
  package static func withoutMiddle(_ text: String, to columns: Int) -> String {
    guard of(text) > columns else { return text }
    let pieces = pieces(of: text).filter { !$0.isColour }
    let end = fitting(pieces.reversed(), into: max(0, columns - 1) / 2)
    let start = fitting(pieces, into: max(0, columns - 1 - end.reduce(0) { $0 + $1.width }))
    return start.map(\.text).joined() + (columns > 0 ? "…" : "") + end.reversed().map(\.text).joined()
  }

  /// The first pieces that have room in a number of cells.
  private static func fitting(_ pieces: [Piece], into columns: Int) -> [Piece] {
    var width = 0
    return Array(
      pieces.prefix { piece in
        width += piece.width
        return width <= columns
      })
  }

  /// The text as lines of a number of cells at most, one at least: broken at spaces, and inside of words that are longer.
  package static func wrapped(_ text: String, to columns: Int) -> [String] {
    guard of(text) > columns else { return [text] }
    var lines = [""]
    var width = 0
    for word in text.split(separator: " ", omittingEmptySubsequences: false).map(String.init) {
      let length = of(word)
      if lines[lines.count - 1].isEmpty || width + 1 + length <= columns {
        let gap = lines[lines.count - 1].isEmpty ? "" : " "
        lines[lines.count - 1] += gap + word
        width += gap.count + length
      } else {
        lines.append(word)
        width = length
      }
      while width > columns {
        let (start, rest) = broken(lines[lines.count - 1], at: max(1, columns))
        guard !rest.isEmpty else { break }
        lines[lines.count - 1] = start
        lines.append(rest)
        width = of(rest)
      }
    }
    return lines
  }

  private static func broken(_ word: String, at columns: Int) -> (String, String) {
    var width = 0
    let pieces = pieces(of: word)
    let count = pieces.prefix { piece in
      width += piece.width
      return width <= columns
    }.count
    let kept = max(1, count)
    return (pieces[..<kept].map(\.text).joined(), pieces[kept...].map(\.text).joined())
  }

  /// The text with spaces behind it up to a number of cells.
  package static func padded(_ text: String, to columns: Int) -> String {
    text + String(repeating: " ", count: max(0, columns - of(text)))
  }

  private struct Piece {
    var text: String
    var width: Int
    var isColour = false
  }

  private static func pieces(of text: String) -> [Piece] {
    var pieces: [Piece] = []
    var rest = text[...]
    while let character = rest.first {
      if character == "\u{1B}", let colour = colour(rest) {
        pieces.append(Piece(text: String(colour), width: 0, isColour: true))
        rest = rest[colour.endIndex...]
      } else {
        pieces.append(Piece(text: String(character), width: width(of: character)))
        rest.removeFirst()
      }
    }
    return pieces
  }

  /// The colour that a text begins with: ESC [ NUMBERS m.
  private static func colour(_ text: Substring) -> Substring? {
    let rest = text.unicodeScalars.dropFirst()
    guard rest.first == "[" else { return nil }
    let end = rest.dropFirst().drop { $0 == ";" || ("0"..."9").contains($0) }
    return end.first == "m" ? text[..<end.index(after: end.startIndex)] : nil
  }

  private static func width(of character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    switch first.properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark, .lineSeparator, .paragraphSeparator: return 0
    default: break
    }
    let isEmoji = first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}")
    return isEmoji || wide.contains { $0.contains(first.value) } ? 2 : 1
  }

  /// The wide blocks of Unicode's EastAsianWidth.txt, where a block may hold a few unassigned places.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF,
    0x1B000...0x1B2FF, 0x20000...0x3FFFD,
  ]
}
