package import DrydockBase

/// A place in a file, counted from 1; the column counts characters.
package struct SourceLocation: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The file as the user named it.
  package var file: String
  /// The line, from 1.
  package var line: Int
  /// The column in characters, from 1.
  package var column: Int

  /// A place in a file.
  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// `convox.yml:3:7`, the form that editors and terminals make clickable.
  package var description: String { "\(file):\(line):\(column)" }
}

/// Something to say about a manifest: what, where, and what to do about it.
package struct Diagnostic: Sendable, Hashable, Codable {
  /// Whether it stops the manifest from being used.
  package enum Severity: String, Sendable, Hashable, Codable {
    /// It works here, and something about it would surprise, here or at deploy.
    case warning
    /// The manifest cannot be used as it is.
    case error
  }

  /// How bad it is.
  package var severity: Severity
  /// Where it is.
  package var location: SourceLocation
  /// What it is, in Convox's own words where Convox has any.
  package var message: String
  /// What to do about it.
  package var suggestion: String?

  /// A diagnostic of the given severity.
  package init(
    _ severity: Severity, at location: SourceLocation, _ message: String, suggestion: String? = nil
  ) {
    self.severity = severity
    self.location = location
    self.message = message
    self.suggestion = suggestion
  }
}

extension ManifestError: DrydockErrorConvertible {
  /// The first error, with the others behind it.
  package func drydockError(place: String) -> DrydockError {
    let errors = diagnostics.filter { $0.severity == .error }
    let texts = errors.map { "\($0.location): \($0.message)" }
    return DrydockError(
      .manifestInvalid, place + (texts.first ?? "convox.yml is wrong"), suggestion: errors.first?.suggestion,
      details: Array(texts.dropFirst()))
  }
}

/// The manifest cannot be used; at least one of the diagnostics is an error.
package struct ManifestError: Error, Sendable, Hashable {
  /// Every finding in the order of the file, warnings among them.
  package var diagnostics: [Diagnostic]

  /// An error that carries its diagnostics.
  package init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }
}
