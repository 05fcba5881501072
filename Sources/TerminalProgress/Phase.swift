/// What a subject is doing, as text, and what of it is only a moving number.
struct Phase {
  /// The text as given, on one line.
  let text: String
  /// The text with its numbers taken out: two phases with the same key are the same phase further on.
  let key: String
  /// The quarter that a percentage in the text has reached, from 0 to 4; nil without a percentage.
  let quarter: Int?

  init(_ text: String) {
    self.text = TerminalText.line(text)
    key = text.replacing(#/[0-9]+(?:[.,][0-9]+)*/#, with: "#")
    quarter = text.firstMatch(of: #/([0-9]{1,3})(?:[.,][0-9]+)? ?%/#).flatMap { Int($0.1) }.map { $0 / 25 }
  }

  /// Whether a line of its own is due where lines cannot be taken back: another phase, or a quarter further.
  func isNews(after previous: Phase?) -> Bool {
    guard let previous, previous.key == key else { return true }
    return (quarter ?? 0) > (previous.quarter ?? 0)
  }
}
