/// The bytes that have a meaning in HTTP, and the kinds of RFC 9110, section 5.6.
enum Bytes {
  static let tab = UInt8(ascii: "\t")
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let colon = UInt8(ascii: ":")
  static let semicolon = UInt8(ascii: ";")
  static let comma = UInt8(ascii: ",")

  private static let tokens: [Bool] = table { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  private static func table(_ rule: (UInt8) -> Bool) -> [Bool] { (0...255).map { rule(UInt8($0)) } }

  /// Whether it may stand in a name.
  static func isToken(_ byte: UInt8) -> Bool { tokens[Int(byte)] }

  /// Whether it may stand in a value: text, a blank, or a byte of another character set; no control character.
  static func isValue(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte != 0x7f : byte == tab }

  /// Whether it may stand in a request's target.
  static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f }

  /// Whether it is a blank around a value.
  static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  /// The value of a hexadecimal digit.
  static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}

extension Slice where Base == UnsafeRawBufferPointer {
  /// Whether this is that name, which is written in lower case, in whatever case.
  func isNamed(_ name: StaticString) -> Bool {
    guard count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { name in
      zip(self, name).allSatisfy { mine, wanted in
        mine == wanted
          || (mine | 0x20 == wanted && wanted >= UInt8(ascii: "a") && wanted <= UInt8(ascii: "z"))
      }
    }
  }

  /// Without the blanks around it.
  var trimmed: Self {
    var rest = self
    while let first = rest.first, Bytes.isBlank(first) { rest.removeFirst() }
    while let last = rest.last, Bytes.isBlank(last) { rest.removeLast() }
    return rest
  }

  /// The members of a list, separated by commas, without empty ones.
  var members: [Self] {
    split(separator: Bytes.comma).map(\.trimmed).filter { !$0.isEmpty }
  }

  var text: String { String(decoding: self, as: UTF8.self) }
}
