public import ConvoxManifest

extension EmulatorError {
  /// What a user reads: the message, then the next step and the details, a line each.
  public var text: String {
    let suggestion = suggestion.map { ["  \($0)"] } ?? []
    return ([message] + suggestion + details.map { "  | \($0)" }).joined(separator: "\n")
  }
}

extension Diagnostic {
  /// What a user reads: the place and the message, then the next step.
  public var text: String {
    "\(location): \(message)" + (suggestion.map { "\n  \($0)" } ?? "")
  }
}
