import DrydockBase

/// How a value stands in a line of a dotenv file: in a form that shells which source the file, python-dotenv, node's
/// `--env-file` and the other dotenv libraries read alike.
struct DotenvValue {
  /// The characters that a shell or a library makes something of where no quotes are.
  private static let special: Set<Unicode.Scalar> = [
    "$", "`", "\\", "\"", "'", "#", "&", "|", ";", "<", ">", "(", ")",
  ]

  private let value: String
  private let scalars: Set<Unicode.Scalar>

  init(_ value: String) {
    self.value = value
    scalars = Set(value.unicodeScalars)
  }

  /// Whether it can stand without quotes, which is all that docker's `--env-file` reads.
  var isBare: Bool {
    var previous: Unicode.Scalar?
    for scalar in value.unicodeScalars {
      if Self.isChanged(scalar, after: previous) { return false }
      previous = scalar
    }
    return true
  }

  /// The value with its quotes, where it needs some; nil where no form means the same to all.
  var text: String? {
    if isBare { return value }
    guard obstacle == nil else { return nil }
    return scalars.contains("'") ? "\"\(value)\"" : "'\(value)'"
  }

  /// Why no form means the same to all; nil where one does. Completes "KEY ...".
  var obstacle: String? {
    if isBare { return nil }
    // Read as the end of a line, or left out.
    if scalars.contains("\r") { return "contains a carriage return" }
    // python-dotenv looks for it in quotes of either kind.
    if value.holdsExactly("${") { return "contains ${, which python-dotenv replaces even in quotes" }
    return scalars.contains("'") ? obstacleInDoubleQuotes : obstacleInSingleQuotes
  }

  /// python-dotenv takes a backslash before a backslash or a quote for an escape; to a shell there is none.
  private var obstacleInSingleQuotes: String? {
    value.holdsExactly(#"\\"#) || value.endsExactly(with: #"\"#)
      ? #"contains a \ before another or at its end"# : nil
  }

  /// Each reader knows escapes of its own there.
  private var obstacleInDoubleQuotes: String? {
    let found: [Unicode.Scalar] = ["\"", "$", "`", "\\"]
    return found.first(where: scalars.contains).map { "contains ' and \($0)" }
  }

  private static func isChanged(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> Bool {
    switch scalar {
    // Where a shell puts the home folder, and where zsh looks for a command.
    case "~": previous == nil || previous == ":" || previous == "="
    case "=": previous == nil || previous == ":"
    // White space to JavaScript alone.
    case "\u{FEFF}": true
    default:
      special.contains(scalar) || scalar.properties.isWhitespace
        || scalar.properties.generalCategory == .control
    }
  }
}
