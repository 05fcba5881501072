/// How the end of a message's body is known.
enum Framing: Hashable {
  /// There is no body.
  case none
  /// It has so many bytes.
  case length(Int)
  case chunked
  /// It ends with the connection; of responses only.
  case untilClose

  /// What a head says of its body; nil where it says nothing.
  /// - Throws: `MessageFault` where two readers may differ on it: RFC 9112, section 6.3, taken strictly.
  static func told(by fields: FieldLines, _ raw: UnsafeRawBufferPointer) throws(MessageFault) -> Framing? {
    let codings = fields.all(.transferEncoding)
    let lengths = fields.all(.contentLength)
    if let coding = codings.first {
      guard lengths.isEmpty else { throw .bad("both Content-Length and Transfer-Encoding") }
      guard codings.count == 1, raw[coding.value].isNamed("chunked") else {
        throw MessageFault(501, "a Transfer-Encoding other than chunked")
      }
      return .chunked
    }
    guard let first = lengths.first else { return nil }
    guard lengths.count == 1, let length = number(raw[first.value]) else {
      throw .bad("the Content-Length is wrong")
    }
    return .length(length)
  }

  /// Digits alone: no sign, no list.
  private static func number(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard (1...18).contains(text.count) else { return nil }
    var value = 0
    for byte in text {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
}
