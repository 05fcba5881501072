/// Variables as a text for others to read, and those that the text's format cannot hold.
package struct RenderedEnvironment: Sendable, Hashable {
  /// A variable that was left out.
  package struct Omission: Sendable, Hashable {
    /// The variable's name.
    package var name: String
    /// Why, to be read after the name; the value is not in it.
    package var reason: String
    /// The first of the formats `shell` and `json` that holds it.
    package var alternative: EnvironmentFormat
  }

  /// The format of the text.
  package var format: EnvironmentFormat
  /// All that the format can hold, a line feed at the end; empty for no variables.
  package var text: String
  /// What it cannot hold, sorted by name.
  package var omissions: [Omission]

  /// What was left out and where it is to be had, in one sentence; nil where nothing was.
  /// - Parameters:
  ///   - subject: What the text is called.
  ///   - command: The command that prints it, without a format.
  package func warning(_ subject: String, command: String) -> String? {
    guard !omissions.isEmpty else { return nil }
    let list = omissions.map { "\($0.name) \($0.reason)" }.joined(separator: "; ")
    return "left out of \(subject): \(list); to have all: \(command) --format \(alternative.rawValue)"
  }

  /// The format that holds all that was left out.
  private var alternative: EnvironmentFormat {
    omissions.allSatisfy { $0.alternative == .shell } ? .shell : .json
  }
}

/// What a dotenv file says of itself. Formats for which `#` begins no comment say nothing.
enum EnvironmentComment {
  static func lines(
    _ format: EnvironmentFormat, omitting omissions: [RenderedEnvironment.Omission], isQuoted: Bool
  ) -> [String] {
    guard format == .dotenv || format == .docker else { return [] }
    let quotes =
      isQuoted ? ["# docker run --env-file would keep the quotes: for that, drydock env --format docker"] : []
    return quotes + omissions.map { "# left out: \(safe($0.name)) \(safe($0.reason))" }
  }

  /// A name of somebody else's must not end the comment.
  private static func safe(_ text: String) -> String {
    text.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 32 && $0.value < 127 }
      ? text : quotedForJSON(text)
  }
}
