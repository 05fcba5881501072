package import DrydockBase

/// A Dockerfile that cannot be built from: what, and in which line.
package struct DockerfileError: Error, Sendable, Hashable {
  /// The file as it was named to the reader.
  package let path: String
  /// The line, from 1; 0 for the file as a whole.
  package let line: Int
  /// What is wrong there.
  package let message: String
  /// What to do about it, where that is known.
  package let suggestion: String?

  init(_ path: String, line: Int, _ message: String, suggestion: String? = nil) {
    (self.path, self.line, self.message, self.suggestion) = (path, line, message, suggestion)
  }

  /// `web/Dockerfile:12`, the form that editors and terminals make clickable.
  package var place: String { line > 0 ? "\(path):\(line)" : path }
}

extension DockerfileError: DrydockErrorConvertible {
  /// The same for a user.
  package func drydockError(place: String) -> DrydockError {
    DrydockError(.manifestInvalid, "\(place)\(self.place): \(message)", suggestion: suggestion)
  }
}
