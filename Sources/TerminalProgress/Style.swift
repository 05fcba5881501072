import DrydockBase

/// Colours by the standard escape sequences, or none.
package struct Style: Sendable, Hashable {
  /// Whether anything is coloured at all.
  package var colour: Bool

  /// A style with or without colours.
  package init(colour: Bool) {
    self.colour = colour
  }

  /// Text as it is.
  package static let plain = Style(colour: false)

  /// What went well.
  package func green(_ text: String) -> String { wrap(text, 32) }
  /// What failed.
  package func red(_ text: String) -> String { wrap(text, 31) }
  /// What wants attention.
  package func yellow(_ text: String) -> String { wrap(text, 33) }
  /// What matters most.
  package func bold(_ text: String) -> String { wrap(text, 1) }

  /// The text with every occurrence of the secrets masked as `****`; longer secrets first, so that one inside of
  /// another leaves nothing behind. Secrets of fewer than four characters would mask ordinary words and are left.
  package static func masking(_ secrets: some Sequence<String>, in text: String) -> String {
    let useful = secrets.filter { $0.unicodeScalars.count >= 4 }.sorted { $0.utf8.count > $1.utf8.count }
    return useful.reduce(text) { $0.replacingExactly($1, with: "****") }
  }

  private func wrap(_ text: String, _ code: Int) -> String {
    colour && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
