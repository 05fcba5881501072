extension DrydockError {
  /// What a user reads: the message, then the next step and the details, a line each.
  package var text: String {
    let suggestion = suggestion.map { ["  \($0.oneLine)"] } ?? []
    // A tool's last words are lines of a message; a name may hold a line feed too.
    let lines = message.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let further = lines.dropFirst().map { "  | \($0.trimmingPrefix(while: \.isWhitespace))" }
    return (lines.prefix(1).map(String.init) + further + suggestion + details.map { "  | \($0.oneLine)" })
      .joined(separator: "\n")
  }
}

extension String {
  /// The text with its line feeds as escapes: what is cited may not pass for another line.
  package var oneLine: String { contains(where: \.isNewline) ? escapingLineFeeds : self }

  private var escapingLineFeeds: String {
    replacing("\r\n", with: "\\r\\n").replacing("\n", with: "\\n").replacing("\r", with: "\\r")
  }
}
