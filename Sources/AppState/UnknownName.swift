import ConvoxManifest
package import DrydockBase

/// The error about a name that nothing has: the nearest one, and the list.
package enum UnknownName {
  /// An error that names what there is.
  package static func error(_ kind: String, _ name: String, known: [String]) -> DrydockError {
    DrydockError(.usage, "no \(kind) is called \(name)", suggestion: suggestion(name, known: known))
  }

  private static func suggestion(_ name: String, known: [String]) -> String {
    guard !known.isEmpty else { return "there is none" }
    let list = "there is \(known.joined(separator: ", "))"
    guard let guess = nearest(to: name, in: known) else { return list }
    return known.count == 1 ? "did you mean \(guess)?" : "did you mean \(guess)? \(list)"
  }
}
