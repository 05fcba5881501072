import ConvoxManifest

/// The error about a name that nothing has: the nearest one, and the list.
public enum UnknownName {
  /// An error that names what there is.
  public static func error(_ kind: String, _ name: String, known: [String]) -> EmulatorError {
    let guess = nearest(to: name, in: known).map { "did you mean \($0)? " } ?? ""
    let list = known.isEmpty ? "there is none" : "there is \(known.joined(separator: ", "))"
    return EmulatorError(.usage, "no \(kind) is called \(name)", suggestion: guess + list)
  }
}
