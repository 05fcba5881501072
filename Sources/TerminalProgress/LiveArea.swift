/// The lines at the bottom of a terminal that are drawn over again and again. The cursor rests below them.
struct LiveArea {
  /// The widths of the lines as they were last drawn.
  private var drawn: [Int] = []

  /// Whether anything is on the screen.
  var isEmpty: Bool { drawn.isEmpty }

  /// The characters that put these lines in place of those drawn before. Every line is overwritten and then
  /// cleared behind its end, and all is sent at once, so that nothing flickers; the cursor is hidden no longer than
  /// that, so that a killed process leaves it visible.
  mutating func draw(_ lines: [String], columns: Int) -> String {
    let home = goHome(columns: columns)
    let cut = lines.map { DisplayWidth.truncated($0, to: max(1, columns - 1)) }
    drawn = cut.map { DisplayWidth.of($0) }
    let body = cut.map { "\($0)\u{1B}[K\n" }.joined()
    return "\u{1B}[?25l\(home)\(body)\u{1B}[J\u{1B}[?25h"
  }

  /// The characters that take the lines off the screen.
  mutating func erase(columns: Int) -> String {
    defer { drawn = [] }
    return drawn.isEmpty ? "" : goHome(columns: columns) + "\u{1B}[J"
  }

  /// To the area's first cell. A terminal that became narrower since has broken lines into several rows.
  private func goHome(columns: Int) -> String {
    let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
    return rows == 0 ? "\r" : "\r\u{1B}[\(rows)A"
  }
}
