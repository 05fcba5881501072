/// Text as a shell, a server and the kernel read it: by its scalars.
///
/// Swift compares by `Character`, which is what a reader sees as one. To it a quote with a combining mark behind is no
/// quote, a slash with one is no slash, and CR LF is no line feed. Whatever is quoted, escaped, masked, or cut into
/// parts that a decision depends on goes through these.
extension StringProtocol {
  /// The text with every occurrence of another replaced.
  package func replacingExactly(_ text: String, with other: String) -> String {
    guard !text.isEmpty else { return String(self) }
    return String(String(self).unicodeScalars.replacing(text.unicodeScalars, with: other.unicodeScalars))
  }

  /// The parts between separators.
  package func splitExactly(
    at separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmpty: Bool = true
  ) -> [String] {
    String(self).unicodeScalars
      .split(maxSplits: maxSplits, omittingEmptySubsequences: omittingEmpty) { $0 == separator }
      .map { String($0) }
  }

  /// What stands on both sides of the first separator; nil where there is none.
  package func pairExactly(at separator: Unicode.Scalar) -> (head: String, tail: String)? {
    let parts = splitExactly(at: separator, maxSplits: 1, omittingEmpty: false)
    return parts.count == 2 ? (parts[0], parts[1]) : nil
  }

  /// Whether the text begins with another.
  package func beginsExactly(with text: String) -> Bool { utf8.starts(with: text.utf8) }

  /// Whether the text ends with another.
  package func endsExactly(with text: String) -> Bool {
    utf8.reversed().starts(with: text.utf8.reversed())
  }

  /// Whether another text is somewhere in it.
  package func holdsExactly(_ text: String) -> Bool { Array(utf8).firstRange(of: Array(text.utf8)) != nil }

  /// Whether the texts are the same bytes: two spellings of one letter are two names to the kernel.
  package func isExactly(_ text: String) -> Bool { utf8.elementsEqual(text.utf8) }
}
