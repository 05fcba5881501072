import ConvoxManifest
import DrydockBase

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
  /// - Returns: The values, and a sentence for each line that probably means something else than Convox reads.
  package static func parse(_ text: String) -> (environment: AppEnvironment, warnings: [String]) {
    var environment = AppEnvironment()
    var warnings: [String] = []
    for (index, line) in lines(of: text).enumerated() {
      guard let (key, value) = assignment(in: line) else { continue }
      environment.values[key] = value
      if let warning = warning(key: key, value: value) {
        warnings.append("line \(index + 1): \(warning)")
      }
    }
    return (environment, warnings)
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
  private static func lines(of text: String) -> [Substring] {
    text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      Substring($0.last == "\r" ? $0.dropLast() : $0)
    }
  }

  private static func assignment(in line: Substring) -> (key: String, value: String)? {
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

  private static func warning(key: String, value: String) -> String? {
    if key.beginsExactly(with: "#") {
      return "Convox knows no comments: this sets a variable named '\(key)'"
    }
    if !VariableName.isPortable(key) {
      return "'\(key)' is no name that a shell can use"
    }
    return isQuoted(value)
      ? "the value of \(key) is quoted, and Convox keeps the quotes as part of it; leave them out" : nil
  }

  private static func isQuoted(_ value: String) -> Bool {
    let scalars = value.unicodeScalars
    guard scalars.count > 1, let first = scalars.first, first == scalars.last else { return false }
    return first == "\"" || first == "'"
  }
}
