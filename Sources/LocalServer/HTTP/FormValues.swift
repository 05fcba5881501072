import DrydockBase
import NIOHTTP1

/// `application/x-www-form-urlencoded`, as bodies and queries come.
package enum FormValues {
  /// The values by their names; of two with the same name the last counts.
  /// - Throws: `HTTPFailure` for what is wrongly encoded.
  package static func parse(_ text: some StringProtocol) throws -> [String: String] {
    var values: [String: String] = [:]
    for pair in text.splitExactly(at: "&") {
      let parts = pair.splitExactly(at: "=", maxSplits: 1, omittingEmpty: false)
      guard let name = decoded(parts[0], plusIsSpace: true),
        let value = decoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
      else { throw HTTPFailure(.badRequest, "a form value is wrongly encoded") }
      values[name] = value
    }
    return values
  }

  /// The text behind percent-encoding; nil for a wrong one, and for what is not UTF-8.
  static func decoded(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
