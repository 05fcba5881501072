/// What a sync did, as a line: `sync: 3 files to web: app.py, lib/x.py, lib/y.py`.
enum SyncLine {
  /// So many files have their names in a line, and so long is each.
  private static let (mostNames, longestName) = (3, 60)

  /// The line; nil where nothing happened.
  static func text(_ put: [String], _ removed: [String], of service: String) -> String? {
    switch (put.count, removed.count) {
    case (0, 0): nil
    case (_, 0): "sync: \(files(put.count)) to \(service): \(names(put))"
    case (0, _): "sync: \(files(removed.count)) removed from \(service): \(names(removed))"
    default:
      "sync: \(files(put.count)) to \(service): \(names(put)); \(removed.count) removed: \(names(removed))"
    }
  }

  private static func files(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

  private static func names(_ paths: [String]) -> String {
    let some = paths.prefix(mostNames).map(short) + (paths.count > mostNames ? ["…"] : [])
    return some.joined(separator: ", ")
  }

  /// A path's end tells more than its beginning.
  private static func short(_ path: String) -> String {
    let scalars = path.unicodeScalars
    return scalars.count <= longestName
      ? path : "…" + String(String.UnicodeScalarView(scalars.suffix(longestName - 1)))
  }
}
