/// The manifest's text with `${NAME}` filled in from the app env, and the way back to the file's own bytes.
///
/// Convox replaces in the raw text, before YAML: in comments too, without defaults, and an unset name
/// becomes nothing.
struct Interpolation: Sendable {
  /// One `${NAME}` and what became of it.
  struct Replacement: Sendable, Hashable {
    /// What stands between the braces.
    var name: String
    /// Where it stands in the file.
    var source: Range<Int>
    /// Where its value stands in the result.
    var result: Range<Int>
    /// Whether the app env has the name.
    var isSet: Bool
  }

  /// The text after replacement.
  private(set) var bytes: [UInt8] = []
  /// Every replacement in order.
  private(set) var replacements: [Replacement] = []
  /// The replacement whose value made the text longer than the limit; the text ends before it.
  private(set) var overflow: Replacement?

  /// The text as it is.
  init(unchanged source: [UInt8]) {
    bytes = source
  }

  /// Replaces as long as the result stays within `limit` bytes.
  init(_ source: [UInt8], appEnvironment: [String: String], limit: Int) {
    bytes.reserveCapacity(source.count)
    var copied = 0
    while let range = Interpolation.next(in: source, from: copied) {
      bytes += source[copied..<range.lowerBound]
      let name = String(decoding: source[(range.lowerBound + 2)..<(range.upperBound - 1)], as: UTF8.self)
      let value = appEnvironment[name]
      let start = bytes.count
      let utf8 = value.map { Array($0.utf8) } ?? []
      let replacement = Replacement(
        name: name, source: range, result: start..<(start + utf8.count), isSet: value != nil)
      guard start + utf8.count <= limit else {
        overflow = replacement
        return
      }
      bytes += utf8
      replacements.append(replacement)
      copied = range.upperBound
    }
    bytes += source[copied...]
  }

  /// The byte of the file that a byte of the result comes from; inside a value, its `${`.
  func sourceOffset(of offset: Int) -> Int {
    let before = partition(replacements) { $0.result.lowerBound <= offset }
    guard before > 0 else { return offset }
    let last = replacements[before - 1]
    return last.result.contains(offset)
      ? last.source.lowerBound : last.source.upperBound + offset - last.result.upperBound
  }

  /// The replacements whose value begins within a range of the result, both ends included.
  func replacements(in range: ClosedRange<Int>) -> ArraySlice<Replacement> {
    let first = partition(replacements) { $0.result.lowerBound < range.lowerBound }
    return replacements[first...].prefix { $0.result.lowerBound <= range.upperBound }
  }

  /// The replacement whose value holds a byte of the result.
  func replacement(at offset: Int) -> Replacement? {
    replacements(in: 0...offset).last { $0.result.contains(offset) }
  }

  /// The next `${…}`, which ends at the first brace, over lines if need be.
  private static func next(in source: [UInt8], from start: Int) -> Range<Int>? {
    guard source.count >= 3 else { return nil }
    var index = start
    while index + 1 < source.count {
      if source[index] == UInt8(ascii: "$"), source[index + 1] == UInt8(ascii: "{") {
        guard let end = source[(index + 2)...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        return index..<(end + 1)
      }
      index += 1
    }
    return nil
  }
}
