import DrydockBase

/// What an `up` has to say of its manifest. It is told once per change of the file or of what is found in it; `check`
/// tells it whenever it is asked.
package struct ManifestFindings: Sendable, Hashable {
  /// Each finding as a message.
  package var lines: [String]
  /// The manifest, as the user named it.
  package var file: String
  /// Whether an earlier `up` told them.
  package var isTold: Bool
  /// What tells these findings of this text from others.
  var key: String

  init(_ lines: [String], file: String, hash: String, told: String?) {
    self.lines = lines
    self.file = file
    key = shortHash("\(hash)\n\(lines.joined(separator: "\n"))")
    isTold = told == key
  }

  /// How many there are, and who tells them again; nil for none.
  package var summary: String? {
    guard !lines.isEmpty else { return nil }
    let what = lines.count == 1 ? "1 finding about \(file) is" : "\(lines.count) findings about \(file) are"
    return "\(what) as told before; all of them: drydock check"
  }
}
