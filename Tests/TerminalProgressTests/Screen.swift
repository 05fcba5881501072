/// A small terminal: understands what the reporter may send, and records a complaint about anything else.
struct Screen {
  private(set) var lines: [[Character]] = [[]]
  private(set) var complaints: [String] = []
  private(set) var cursorVisible = true
  private let columns: Int
  private let rows: Int
  private var row = 0
  private var column = 0

  init(columns: Int = 40, rows: Int = 10) {
    self.columns = columns
    self.rows = rows
  }

  /// What is on it and above it, without spaces at line ends and empty lines at the end.
  var text: [String] {
    let trimmed = lines.map { line in
      String(line[..<(line.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0)])
    }
    return Array(trimmed[..<(trimmed.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0)])
  }

  mutating func feed(_ text: String) {
    var rest = text[...]
    while let character = rest.first {
      if character == "\u{1B}" {
        guard let sequence = rest.prefixMatch(of: #/\x1B\[([?0-9;]*)([A-Za-z])/#) else {
          return complaints.append("unknown escape in \(text.debugDescription)")
        }
        control(String(sequence.1), String(sequence.2))
        rest = rest[sequence.range.upperBound...]
      } else {
        put(character)
        rest.removeFirst()
      }
    }
  }

  private mutating func control(_ parameter: String, _ letter: String) {
    switch (parameter, letter) {
    case ("?25l", _), ("?25", "l"): cursorVisible = false
    case ("?25", "h"): cursorVisible = true
    case ("", "K"): if column < lines[row].count { lines[row].removeSubrange(column...) }
    case ("", "J"):
      if column < lines[row].count { lines[row].removeSubrange(column...) }
      lines.removeSubrange((row + 1)...)
    case (_, "m"): break
    case (let count, "A"):
      let target = row - (Int(count) ?? 1)
      if target < max(0, lines.count - rows) { complaints.append("moved off the screen") }
      row = max(0, target)
    default: complaints.append("unknown sequence \(parameter)\(letter)")
    }
  }

  private mutating func put(_ character: Character) {
    switch character {
    case "\n", "\r\n":
      row += 1
      column = 0
      if row == lines.count { lines.append([]) }
    case "\r": column = 0
    default:
      if column >= columns { put("\n") }
      while lines[row].count <= column { lines[row].append(" ") }
      lines[row][column] = character
      column += 1
    }
  }
}
