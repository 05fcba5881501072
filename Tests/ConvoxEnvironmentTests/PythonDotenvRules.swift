/// A dotenv file as python-dotenv reads it, for machines without it: line ends made one, escapes in quotes, references
/// replaced even there. All references are to variables that are not set.
func parseLikePythonDotenv(_ text: String) -> [String: String] {
  var reader = PythonDotenvRules(rest: Array(text.unicodeScalars)[...])
  var values: [String: String] = [:]
  while let (name, value) = reader.next() { values[name] = value }
  return values
}

private struct PythonDotenvRules {
  var rest: ArraySlice<Unicode.Scalar>

  init(rest: ArraySlice<Unicode.Scalar>) {
    var ends: [Unicode.Scalar] = []
    for scalar in rest {
      if scalar == "\n", ends.last == "\r" { ends.removeLast() }
      ends.append(scalar)
    }
    self.rest = ends.map { $0 == "\r" ? "\n" : $0 }[...]
  }

  mutating func next() -> (String, String)? {
    rest = rest.drop { $0.properties.isWhitespace }
    if rest.first == "#" {
      rest = rest.drop { $0 != "\n" }
      return next()
    }
    guard !rest.isEmpty else { return nil }
    let name = rest.prefix { $0 != "=" && $0 != "\n" }
    rest = rest.dropFirst(name.count + 1)
    let value = self.value()
    rest = rest.drop { $0 != "\n" }
    return (string(name), withoutReferences(value))
  }

  private mutating func value() -> String {
    guard let quote = rest.first, quote == "'" || quote == "\"" else {
      let line = Array(rest.prefix { $0 != "\n" })
      let comment = line.indices.first { $0 > 0 && line[$0] == "#" && line[$0 - 1].properties.isWhitespace }
      let end = line[..<(comment ?? line.count)].lastIndex { !$0.properties.isWhitespace } ?? -1
      return string(line[...end])
    }
    rest = rest.dropFirst()
    var value: [Unicode.Scalar] = []
    while let scalar = rest.popFirst(), scalar != quote {
      guard scalar == "\\", let escaped = rest.first, escapes(in: quote).contains(escaped) else {
        value.append(scalar)
        continue
      }
      rest = rest.dropFirst()
      value.append(escaped)
    }
    return string(value)
  }

  /// What a letter stands for does not matter: a value with one is read wrongly.
  private func escapes(in quote: Unicode.Scalar) -> [Unicode.Scalar] {
    quote == "'" ? ["\\", "'"] : Array("\\'\"abfnrtv".unicodeScalars)
  }

  private func withoutReferences(_ value: String) -> String {
    value.replacing(/\$\{[^\}:]*(?::-[^\}]*)?\}/, with: "")
  }

  private func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}
