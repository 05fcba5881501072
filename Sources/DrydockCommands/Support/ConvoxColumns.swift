import TerminalProgress

/// Listings in the layout of the convox tool: columns as wide as their widest cell, two spaces apart, the last one
/// unpadded.
enum ConvoxColumns {
  /// Rows under a header; the header stands alone where there are none.
  static func table(_ header: [String], _ rows: [[String]], screen: Int? = nil) -> String {
    Table(header: header, rows: rows).rendered(screen: screen, steps: steps)
  }

  private static let steps: [TableStep] = [
    .shortURLs("URL"), .wrap("DESCRIPTION", least: 30), .addresses("URL"), .cutEnd("DEFAULT", least: 10),
    .cutMiddle("NAME", least: 12), .cutEnd("STATUS", least: 12),
  ]

  /// Labels and what they stand for, which may take several lines; a label without any is left out.
  static func info(_ rows: [(label: String, lines: [String])]) -> String {
    Table(
      rows: rows.filter { !$0.lines.isEmpty }.map { [$0.label, $0.lines.joined(separator: "\n")] }
    ).rendered()
  }
}
