import DrydockBase

/// One line of an ignore file.
struct IgnorePattern: Sendable {
  /// Why docker would refuse a pattern.
  struct Malformed: Error { let reason: String }

  /// Whether it stands behind `!`.
  let takesBack: Bool
  /// The path without `!`, cleaned.
  let text: String
  private let form: Form

  private enum Form: Sendable {
    case exact
    case prefix(String)
    case suffix(String)
    case expression(IgnoreExpression)
  }

  /// A path that is taken back.
  init(exactly path: String) {
    (takesBack, text, form) = (true, path, .exact)
  }

  /// - Parameter line: Not empty, without blanks at its ends.
  init(line: String) throws(Malformed) {
    takesBack = line.beginsExactly(with: "!")
    let path = takesBack ? trimmed(String(line.unicodeScalars.dropFirst())) : line
    guard !path.isEmpty else { throw Malformed(reason: "takes nothing back") }
    text = Self.cleaned(path)
    try Self.checkSyntax(text)
    form = try Self.form(text)
  }

  func matches(_ path: String, _ scalars: [Unicode.Scalar]) -> Bool {
    switch form {
    case .exact: path.isExactly(text)
    case .prefix(let prefix): path.beginsExactly(with: prefix)
    case .suffix(let suffix):
      path.endsExactly(with: suffix) || suffix.beginsExactly(with: "/") && "/\(path)".isExactly(suffix)
    case .expression(let expression): expression.matches(scalars)
    }
  }

  /// The shortest spelling of a path, as Go's `filepath.Clean` has it, without the slash at its beginning.
  private static func cleaned(_ path: String) -> String {
    let isRooted = path.beginsExactly(with: "/")
    var parts: [String] = []
    for part in path.splitExactly(at: "/") where part != "." {
      if part != ".." {
        parts.append(part)
      } else if let last = parts.last, last != ".." {
        parts.removeLast()
      } else if !isRooted {
        parts.append(part)
      }
    }
    return parts.isEmpty ? (isRooted ? "/" : ".") : parts.joined(separator: "/")
  }

  /// Go's `filepath.Match` looks at each pattern first.
  private static func checkSyntax(_ text: String) throws(Malformed) {
    var rest = Array(text.unicodeScalars)[...]
    func item() throws(Malformed) {
      guard let first = rest.popFirst(), first != "-", first != "]" else {
        throw Malformed(reason: "has a bracket that is not closed, or with nothing in it")
      }
      if first == "\\", rest.popFirst() == nil { throw Malformed(reason: "ends in a backslash") }
    }
    while let next = rest.popFirst() {
      if next == "\\", rest.popFirst() == nil { throw Malformed(reason: "ends in a backslash") }
      guard next == "[" else { continue }
      if rest.first == "^" { rest = rest.dropFirst() }
      repeat {
        try item()
        if rest.first == "-" {
          rest = rest.dropFirst()
          try item()
        }
      } while rest.first != "]"
      rest = rest.dropFirst()
    }
  }

  /// The regular expression that docker makes of a pattern, or the simpler form that it sees in it.
  private static func form(_ text: String) throws(Malformed) -> Form {
    var rest = Array(text.unicodeScalars)[...]
    var expression = "^"
    var form = Form.exact
    var isExpression = false
    var isFirst = true
    while let next = rest.popFirst() {
      switch next {
      case "*" where rest.first == "*":
        rest = rest.dropFirst()
        if rest.first == "/" { rest = rest.dropFirst() }
        if !rest.isEmpty {
          expression += "(.*/)?"
          isExpression = true
        } else if !isExpression, case .exact = form {
          form = .prefix(String(String.UnicodeScalarView(text.unicodeScalars.dropLast(2))))
        } else {
          expression += ".*"
          isExpression = true
        }
        if isFirst {
          form = .suffix(String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(2))))
          isExpression = false
        }
      case "*":
        expression += "[^/]*"
        isExpression = true
      case "?":
        expression += "[^/]"
        isExpression = true
      case ".", "+", "(", ")", "|", "{", "}", "$": expression += "\\\(next)"
      case "\\":
        expression += "\\"
        if let escaped = rest.popFirst() {
          expression.unicodeScalars.append(escaped)
          isExpression = true
        }
      case "[", "]":
        expression.unicodeScalars.append(next)
        isExpression = true
      default: expression.unicodeScalars.append(next)
      }
      isFirst = false
    }
    return isExpression ? .expression(try IgnoreExpression(expression)) : form
  }
}
