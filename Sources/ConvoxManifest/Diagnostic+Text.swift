import DrydockBase

extension Diagnostic {
  /// What a user reads: the place and the message, then the next step.
  package var text: String {
    "\(location): ".oneLine + advice
  }

  /// The message, then the next step.
  package var advice: String { message.oneLine + (suggestion.map { "\n  \($0.oneLine)" } ?? "") }
}
