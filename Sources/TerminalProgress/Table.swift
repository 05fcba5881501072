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
  /// - Parameter style: Makes the header bold.
  package func rendered(style: Style = .plain) -> String {
    let titles = header.isEmpty ? [] : [header.map { style.bold(TerminalText.line($0)) }]
    let lines = titles + rows.flatMap(Self.lines(of:))
    let columns = lines.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      lines.map { column < $0.count ? DisplayWidth.of($0[column]) : 0 }.max() ?? 0
    }
    return lines.map { Self.line($0, widths: widths) + "\n" }.joined()
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
