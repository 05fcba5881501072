import DrydockBase

/// Reads a dotenv file as the dotenv libraries do: comments, `export`, quotes, values of several lines. What drydock
/// writes comes back as it was.
package enum DotenvFile {
  /// Reads a file.
  /// - Returns: The values, and a sentence for each line that libraries read in different ways.
  /// - Throws: `EnvironmentFileError` for bytes that are no UTF-8.
  package static func read(_ bytes: [UInt8]) throws(EnvironmentFileError) -> (
    environment: AppEnvironment, warnings: [String]
  ) {
    let text = try EnvironmentText(bytes)
    var reader = DotenvReader(text.text)
    reader.readAll()
    return (AppEnvironment(reader.values), text.warnings + reader.warnings)
  }
}

private struct DotenvReader {
  private static let quotes: [Unicode.Scalar] = ["'", "\"", "`"]

  private var rest: ArraySlice<Unicode.Scalar>
  private var line = 1
  var values: [String: String] = [:]
  var warnings: [String] = []

  init(_ text: String) {
    rest = Array(text.replacingExactly("\r\n", with: "\n").unicodeScalars)[...]
  }

  mutating func readAll() {
    while !rest.isEmpty {
      let start = line
      let head = rest.prefix { $0 != "=" && $0 != "\n" }
      let name = string(head).trimmingExactly
      if rest.dropFirst(head.count).first != "=" || name.beginsExactly(with: "#") {
        if !name.isEmpty, !name.beginsExactly(with: "#") { warn("no assignment: it is left out", start) }
        _ = takeLine()
        continue
      }
      advance(head.count + 1)
      let (value, isLiteral, isBare) = takeValue()
      // Some libraries put the values of other variables there.
      if isBare, let first = value.unicodeScalars.first, Self.quotes.contains(first) {
        warn("the quote in front of \(name)'s value does not end: it is taken as a part of it", start)
      }
      if !isLiteral, value.holdsExactly("$") { warn("the $ in \(name) is taken as it is", start) }
      values[EnvironmentText.withoutExport(name) ?? name] = value
    }
  }

  private mutating func warn(_ text: String, _ line: Int) { warnings.append("line \(line): \(text)") }

  /// The value, whether nothing in it stands for anything else, and whether no quotes are around it; the rest begins on the next line.
  private mutating func takeValue() -> (String, isLiteral: Bool, isBare: Bool) {
    let blanks = rest.prefix { $0 == " " || $0 == "\t" }.count
    let quoted = rest.dropFirst(blanks)
    if let quote = quoted.first, Self.quotes.contains(quote),
      let end = closing(quote, in: quoted), isOver(quoted[(end + 1)...])
    {
      let inside = Array(quoted[(quoted.startIndex + 1)..<end])
      advance(end + 1 - rest.startIndex)
      _ = takeLine()
      return (string(quote == "\"" ? unescaped(inside) : inside), quote != "\"", false)
    }
    let bare = takeLine()
    let comment = bare.indices.first { bare[$0] == "#" && ($0 == 0 || bare[$0 - 1].properties.isWhitespace) }
    return (string(bare[..<(comment ?? bare.count)]).trimmingExactly, false, true)
  }

  /// Where the quote ends that begins a text.
  private func closing(_ quote: Unicode.Scalar, in text: ArraySlice<Unicode.Scalar>) -> Int? {
    var index = text.startIndex + 1
    while index < text.endIndex {
      if text[index] == quote { return index }
      index += quote == "\"" && text[index] == "\\" ? 2 : 1
    }
    return nil
  }

  /// Whether nothing but a comment follows on the line.
  private func isOver(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
    let next = text.first { $0 == "\n" || !$0.properties.isWhitespace }
    return next == nil || next == "\n" || next == "#"
  }

  private func unescaped(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    let escapes: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\", "$": "$",
    ]
    var result: [Unicode.Scalar] = []
    var isEscaped = false
    for scalar in text {
      if isEscaped {
        result += escapes[scalar].map { [$0] } ?? ["\\", scalar]
      } else if scalar != "\\" {
        result.append(scalar)
      }
      isEscaped = !isEscaped && scalar == "\\"
    }
    return result
  }

  private mutating func takeLine() -> [Unicode.Scalar] {
    let text = Array(rest.prefix { $0 != "\n" })
    advance(text.count + 1)
    return text
  }

  private mutating func advance(_ count: Int) {
    line += rest.prefix(count).count { $0 == "\n" }
    rest = rest.dropFirst(count)
  }

  private func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}

extension String {
  /// Without the white space around it.
  fileprivate var trimmingExactly: String {
    let head = unicodeScalars.drop { $0.properties.isWhitespace }
    guard let last = head.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(head[...last])
  }
}
