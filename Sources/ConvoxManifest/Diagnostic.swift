/// A place in a file, counted from 1; the column counts characters.
public struct SourceLocation: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The file as the user named it.
  public var file: String
  /// The line, from 1.
  public var line: Int
  /// The column in characters, from 1.
  public var column: Int

  /// A place in a file.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// `convox.yml:3:7`, the form that editors and terminals make clickable.
  public var description: String { "\(file):\(line):\(column)" }
}

/// Something to say about a manifest: what, where, and what to do about it.
public struct Diagnostic: Sendable, Hashable, Codable {
  /// Whether it stops the manifest from being used.
  public enum Severity: String, Sendable, Hashable, Codable {
    /// It works here, and something about it would surprise, here or at deploy.
    case warning
    /// The manifest cannot be used as it is.
    case error
  }

  /// How bad it is.
  public var severity: Severity
  /// Where it is.
  public var location: SourceLocation
  /// What it is, in Convox's own words where Convox has any.
  public var message: String
  /// What to do about it.
  public var suggestion: String?

  /// A diagnostic of the given severity.
  public init(_ severity: Severity, at location: SourceLocation, _ message: String, suggestion: String? = nil)
  {
    self.severity = severity
    self.location = location
    self.message = message
    self.suggestion = suggestion
  }
}

/// The manifest cannot be used; at least one of the diagnostics is an error.
public struct ManifestError: Error, Sendable, Hashable {
  /// Every finding in the order of the file, warnings among them.
  public var diagnostics: [Diagnostic]

  /// An error that carries its diagnostics.
  public init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }
}
