/// Why a format cannot hold a variable, in words that complete "KEY ...". No reason shows the value.
extension EnvironmentFormat {
  func obstacle(to variable: EnvironmentVariable) -> String? {
    if self == .json { return nil }
    if !VariableName.isPortable(variable.name) { return "is no name that a shell can use" }
    if variable.value.unicodeScalars.contains("\0") { return "contains a NUL, which no variable can hold" }
    return switch self {
    case .dotenv: DotenvValue.obstacle(in: variable)
    // The end of a line there is LF or CR LF, so that a CR before the closing delimiter would be lost.
    case .github: variable.value.unicodeScalars.last == "\r" ? "ends with a carriage return" : nil
    case .shell, .json: nil
    }
  }
}

/// What a dotenv line cannot hold. Docker takes all after `=` as it is and knows no quotes, so that there is no
/// way to protect a character from the shell and the libraries; what any of them changes is refused.
private enum DotenvValue {
  /// Docker reads the file through a buffer of this many bytes a line, the line feed among them.
  private static let longestLine = 65_536
  private static let special: Set<Unicode.Scalar> = [
    "$", "`", "\\", "\"", "'", "#", "&", "|", ";", "<", ">", "(", ")",
  ]

  static func obstacle(in variable: EnvironmentVariable) -> String? {
    if variable.name.utf8.count + variable.value.utf8.count + 2 > longestLine {
      return "is longer than the 64 KiB that docker reads in a line"
    }
    var previous: Unicode.Scalar?
    for scalar in variable.value.unicodeScalars {
      if let obstacle = obstacle(scalar, after: previous) { return obstacle }
      previous = scalar
    }
    return nil
  }

  private static func obstacle(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> String? {
    switch scalar {
    case "\n", "\r": return "has more than one line"
    case " ": return "contains a space"
    case "~" where previous == nil || previous == ":" || previous == "=":
      return "contains '~' where a shell puts the home folder"
    case "=" where previous == nil || previous == ":":
      return "contains '=' where zsh looks for a command"
    case _ where special.contains(scalar): return "contains \(scalar)"
    case _ where scalar.properties.isWhitespace: return "contains white space other than a space"
    case _ where scalar.properties.generalCategory == .control: return "contains a control character"
    default: return nil
    }
  }
}

/// Variables that a format cannot hold unchanged.
package struct EnvironmentFormatError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One variable and why.
  package struct Obstacle: Sendable, Hashable {
    /// The variable's name.
    package var name: String
    /// Why, to be read after the name; the value is not in it.
    package var reason: String

    /// An obstacle in the way of a variable.
    package init(name: String, reason: String) {
      self.name = name
      self.reason = reason
    }
  }

  /// The format that was asked for.
  package var format: EnvironmentFormat
  /// Every variable that it cannot hold, sorted by name.
  package var obstacles: [Obstacle]

  /// An error about these variables.
  package init(format: EnvironmentFormat, obstacles: [Obstacle]) {
    self.format = format
    self.obstacles = obstacles
  }

  /// The variables and why, in one sentence.
  package var message: String {
    let list = obstacles.map { "\($0.name) \($0.reason)" }.joined(separator: "; ")
    let readers = "that docker, shells and dotenv libraries read alike"
    return switch format {
    case .dotenv: "no dotenv line \(readers) can be written: \(list)"
    case .shell, .github, .json: "not to be written as \(format.rawValue): \(list)"
    }
  }

  /// What to do about it.
  package var suggestion: String {
    format == .dotenv ? "use --format shell or --format json" : "use --format json"
  }

  /// The message.
  package var description: String { message }
}
