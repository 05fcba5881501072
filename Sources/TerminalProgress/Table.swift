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
    let titles = header.isEmpty ? [] : [header.map { [style.bold(TerminalText.line($0))] }]
    var rows = titles + self.rows.map { $0.map(Self.lines(of:)) }
    if let screen { narrow(&rows, to: screen, steps, style) }
    let widths = Self.widths(rows)
    return rows.flatMap(Self.lines(of:)).map { line in
      let text = Self.line(line, widths: widths)
      return (screen.map { DisplayWidth.truncated(text, to: $0) } ?? text) + "\n"
    }.joined()
  }

  private func narrow(_ rows: inout [[[String]]], to screen: Int, _ steps: [TableStep], _ style: Style) {
    var titles = header
    for step in steps {
      let widths = Self.widths(rows)
      let excess = widths.reduce(0, +) + 2 * max(0, widths.count - 1) - screen
      guard excess > 0 else { return }
      guard let column = titles.firstIndex(of: step.title) else { continue }
      if case .leaveOut = step {
        titles.remove(at: column)
        for index in rows.indices where column < rows[index].count { rows[index].remove(at: column) }
        continue
      }
      var width = widths[column] - excess
      if case .wrap(let title, let least) = step {
        // The title breaks too: what does not fit below it would be cut at the edge of the screen.
        width = max(width, least)
        rows[0][column] = DisplayWidth.wrapped(title, to: width).map { style.bold(TerminalText.line($0)) }
      } else {
        width = max(width, DisplayWidth.of(titles[column]))
      }
      for index in rows.indices.dropFirst() where column < rows[index].count {
        rows[index][column] = rows[index][column].flatMap { step.shortened($0, to: width) }
      }
    }
  }

  private static func widths(_ rows: [[[String]]]) -> [Int] {
    (0..<(rows.map(\.count).max() ?? 0)).map { column in
      rows.map { column < $0.count ? $0[column].map(DisplayWidth.of).max() ?? 0 : 0 }.max() ?? 0
    }
  }

  private static func lines(of cell: String) -> [String] {
    cell.splitExactly(at: "\n", omittingEmpty: false).map(TerminalText.line)
  }

  /// A row as lines of single-line cells.
  private static func lines(of cells: [[String]]) -> [[String]] {
    let height = cells.map(\.count).max() ?? 1
    return (0..<height).map { line in cells.map { line < $0.count ? $0[line] : "" } }
  }

  private static func line(_ cells: [String], widths: [Int]) -> String {
    let padded = cells.dropLast().enumerated().map { DisplayWidth.padded($1, to: widths[$0]) }
    return (padded + cells.suffix(1)).joined(separator: "  ")
  }
}
