/// A step by which a table gives way where the screen is narrower than it. A column is named by its title; a step is
/// taken only if the table is still too wide, and only as far as that needs.
package enum TableStep: Sendable, Hashable {
  /// URLs lose user and password, of which a screen has no use.
  case shortURLs(String)
  /// URLs are cut down to host and port.
  case addresses(String)
  /// Cells are cut at their end, to no fewer places than these.
  case cutEnd(String, least: Int)
  /// Cells lose their middle, to no fewer places than these: names, of which no two may come to look the same.
  case cutMiddle(String, least: Int)
  /// Cells are cut at their front, a path between two folders: what tells paths apart is their end.
  case cutFront(String, least: Int)
  /// Cells become several lines of no fewer places than these, broken between words where there is a place for it.
  case wrap(String, least: Int)
  /// The column is left out.
  case leaveOut(String)

  var title: String {
    switch self {
    case .shortURLs(let title), .addresses(let title), .cutEnd(let title, _), .cutMiddle(let title, _),
      .cutFront(let title, _), .wrap(let title, _), .leaveOut(let title):
      title
    }
  }

  /// A line of a cell after the step, where the column ought to have so many places.
  func shortened(_ cell: String, to width: Int) -> [String] {
    switch self {
    case .shortURLs: [Self.withoutCredentials(cell)]
    case .addresses: [Self.address(cell)]
    case .cutEnd(_, let least): [DisplayWidth.truncated(cell, to: max(width, least))]
    case .cutMiddle(_, let least): [DisplayWidth.withoutMiddle(cell, to: max(width, least))]
    case .cutFront(_, let least): [Self.withoutFront(cell, max(width, least))]
    case .wrap(_, let least): DisplayWidth.wrapped(cell, to: max(width, least))
    case .leaveOut: [cell]
    }
  }

  private static func withoutCredentials(_ url: String) -> String {
    guard let match = url.prefixMatch(of: #/([a-z][a-z0-9+.-]*://)[^@/]*@/#) else { return url }
    return "\(match.output.1)\(url[match.range.upperBound...])"
  }

  private static func address(_ url: String) -> String {
    guard let match = url.prefixMatch(of: #/[a-z][a-z0-9+.-]*://(?:[^@/]*@)?([^/?#]+)/#) else { return url }
    return String(match.output.1)
  }

  private static func withoutFront(_ text: String, _ width: Int) -> String {
    guard DisplayWidth.of(text) > width else { return text }
    let folders = text.indices.lazy.filter { text[$0] == "/" }.map { text[$0...] }
    if let rest = folders.first(where: { DisplayWidth.of(String($0)) < width }), rest.count > 1 {
      return "…\(rest)"
    }
    var rest = text[...]
    while !rest.isEmpty, DisplayWidth.of(String(rest)) >= width { rest.removeFirst() }
    return "…\(rest)"
  }
}
