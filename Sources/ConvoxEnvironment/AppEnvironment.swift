import ConvoxManifest

/// The app env: what `convox env set` keeps for an app.
package struct AppEnvironment: Sendable, Hashable {
  /// The values by their names.
  package var values: [String: String]

  /// An app env of these values.
  package init(_ values: [String: String] = [:]) {
    self.values = values
  }

  /// Reads Convox's text: one `KEY=VALUE` a line, split at the first `=`, the key trimmed, the value neither
  /// trimmed nor unquoted; lines without `=` or without a key are ignored; the last of two equal keys wins.
  /// A carriage return before a line feed belongs to the line's end.
  package static func parse(_ text: String) -> AppEnvironment {
    var environment = AppEnvironment()
    for line in lines(of: text) {
      guard let (key, value) = assignment(in: line) else { continue }
      environment.values[key] = value
    }
    return environment
  }

  /// Sorted `KEY=value` lines without a final newline, as Convox writes them back.
  /// Whole lines are sorted, byte by byte: `A1=x` comes before `A=x`, as `1` comes before `=`.
  package var text: String {
    values.map { "\($0)=\($1)" }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .joined(separator: "\n")
  }

  /// The URL of a resource that runs elsewhere: a non-blank `<NAME>_URL`. Such a resource is not started (a v3
  /// rule, which drydock takes for v2 manifests too).
  package func externalURL(forResource name: String) -> String? {
    guard let url = values[Resource.environmentPrefix(of: name) + "_URL"],
      url.contains(where: { !$0.isWhitespace })
    else { return nil }
    return url
  }

  /// The lines by their line feeds. `Character` cannot be asked: it sees CR LF as one.
  static func lines(of text: String) -> [Substring] {
    text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      Substring($0.last == "\r" ? $0.dropLast() : $0)
    }
  }

  static func assignment(in line: Substring) -> (key: String, value: String)? {
    let scalars = line.unicodeScalars
    guard let equals = scalars.firstIndex(of: "=") else { return nil }
    let key = trimmed(scalars[..<equals])
    return key.isEmpty ? nil : (key, String(scalars[scalars.index(after: equals)...]))
  }

  private static func trimmed(_ scalars: Substring.UnicodeScalarView) -> String {
    let head = scalars.drop { $0.properties.isWhitespace }
    guard let last = head.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(head[...last])
  }
}
