/// Small forms of text that Foundation has only together with ICU.
extension StringProtocol {
  /// The text without white space and line ends at both ends.
  package func trimmed() -> String { String(withoutBlanks(self)) }
}

extension String {
  // The same, compiled for this type: what is generic finds its types by name when it runs.
  package func trimmed() -> String { String(withoutBlanks(self)) }
}

private func withoutBlanks<Text: StringProtocol>(_ text: Text) -> Text.SubSequence {
  let head = text.drop(while: \.isWhitespace)
  guard let last = head.lastIndex(where: { !$0.isWhitespace }) else { return text[text.endIndex...] }
  return head[...last]
}

extension String {
  /// A number with a fixed count of decimal places, as C's `%.2f` writes it: `0.21`, `-3.00`.
  package init(fixed value: Double, digits: Int) {
    let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
    guard let scaled = Int(exactly: (abs(value) * Double(scale)).rounded()) else {
      self = value.description
      return
    }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: Swift.max(0, digits - fraction.utf8.count))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    self = "\(sign)\(scaled / scale)" + (digits > 0 ? ".\(zeros)\(fraction)" : "")
  }
}

extension Sequence<UInt8> {
  /// Two lower-case digits a byte.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
