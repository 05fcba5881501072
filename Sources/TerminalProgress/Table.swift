import DrydockBase

/// Rows of text in columns: each column as wide as its widest cell, two spaces apart, the last one unpadded.
package struct Table: Sendable, Hashable {
  /// The header row; empty for none.
  package var header: [String]
  /// The rows; a cell may have several lines, and missing cells are empty.
  package var rows: [[String]]

  /// A table with a header, or without one.
  package init(header: [String] = [], rows: [[String]] = []) {
    self.header = header
    self.rows = rows
  }

  /// The table as text, a line feed at the end of each line; a table without header and rows is empty.
  /// - Parameters:
  ///   - style: Makes the header bold.
  ///   - screen: The places that a line may have; nil for any number.
  ///   - steps: How the table gives way where it is wider, in this order. A line that is too long after all of them is
  ///     cut.
  package func rendered(style: Style = .plain, screen: Int? = nil, steps: [TableStep] = []) -> String {
    let titles = header.isEmpty ? [] : [header.map { style.bold(TerminalText.line($0)) }]
    var lines = titles + rows.flatMap(Self.lines(of:))
    if let screen { narrow(&lines, to: screen, steps) }
    let widths = Self.widths(lines)
    return lines.map { line in
      let text = Self.line(line, widths: widths)
      return (screen.map { DisplayWidth.truncated(text, to: $0) } ?? text) + "\n"
    }.joined()
  }

  private func narrow(_ lines: inout [[String]], to screen: Int, _ steps: [TableStep]) {
    var titles = header
    for step in steps {
      let widths = Self.widths(lines)
      let excess = widths.reduce(0, +) + 2 * max(0, widths.count - 1) - screen
      guard excess > 0 else { return }
      guard let column = titles.firstIndex(of: step.title) else { continue }
      if case .leaveOut = step {
        titles.remove(at: column)
        for index in lines.indices where column < lines[index].count { lines[index].remove(at: column) }
        continue
      }
      let width = max(widths[column] - excess, DisplayWidth.of(lines[0][column]))
      for index in lines.indices.dropFirst() where column < lines[index].count {
        lines[index][column] = step.shortened(lines[index][column], to: width)
      }
    }
  }

  private static func widths(_ lines: [[String]]) -> [Int] {
    (0..<(lines.map(\.count).max() ?? 0)).map { column in
      lines.map { column < $0.count ? DisplayWidth.of($0[column]) : 0 }.max() ?? 0
    }
  }

  /// A row as lines of single-line cells.
  private static func lines(of row: [String]) -> [[String]] {
    let cells = row.map { cell in
      cell.splitExactly(at: "\n", omittingEmpty: false).map(TerminalText.line)
    }
    let height = cells.map(\.count).max() ?? 1
    return (0..<height).map { line in cells.map { line < $0.count ? $0[line] : "" } }
  }

  private static func line(_ cells: [String], widths: [Int]) -> String {
    let padded = cells.dropLast().enumerated().map { DisplayWidth.padded($1, to: widths[$0]) }
    return (padded + cells.suffix(1)).joined(separator: "  ")
  }
}
