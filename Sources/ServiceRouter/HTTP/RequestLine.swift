/// The first line of a request: RFC 9112, section 3.
struct RequestLine {
  let method: RequestHead.Method
  let methodWithBlank: Range<Int>
  let target: Range<Int>
  let isHTTP10: Bool
  /// Where the next line begins.
  let end: Int

  init(_ raw: UnsafeRawBufferPointer) throws(MessageFault) {
    var place = 0
    while place < raw.count, Bytes.isToken(raw[place]) { place += 1 }
    guard place > 0, place <= 32, raw[place] == Bytes.space else { throw .bad("the method is wrong") }
    methodWithBlank = 0..<place + 1
    method = try Self.method(raw[0..<place])
    let begin = place + 1
    place = begin
    while place < raw.count, Bytes.isTarget(raw[place]) { place += 1 }
    guard place > begin, raw[place] == Bytes.space else { throw .bad("the target is wrong") }
    target = begin..<place
    let version = raw[place + 1..<min(place + 9, raw.count)]
    guard version.isNamed("http/1.1") || version.isNamed("http/1.0"), raw[place + 1] == UInt8(ascii: "H")
    else {
      throw version.starts(with: "HTTP/".utf8)
        ? MessageFault(505, "HTTP/1.1 and HTTP/1.0 are spoken here") : .bad("the first line is wrong")
    }
    isHTTP10 = version.last == UInt8(ascii: "0")
    end = place + 11
    guard end <= raw.count, raw[end - 2] == Bytes.carriageReturn, raw[end - 1] == Bytes.lineFeed else {
      throw .bad("the first line is wrong")
    }
  }

  private static func method(_ name: Slice<UnsafeRawBufferPointer>) throws(MessageFault) -> RequestHead.Method
  {
    switch name.count {
    case 3 where name.elementsEqual("GET".utf8): .get
    case 4 where name.elementsEqual("HEAD".utf8): .head
    case 3 where name.elementsEqual("PUT".utf8): .idempotent
    case 6 where name.elementsEqual("DELETE".utf8), 7 where name.elementsEqual("OPTIONS".utf8): .idempotent
    // AWS's balancer refuses the one; the other is for proxies that the client has chosen.
    case 5 where name.elementsEqual("TRACE".utf8), 7 where name.elementsEqual("CONNECT".utf8):
      throw MessageFault(405, "this method is not passed on")
    default: .other
    }
  }

  /// The target as servers expect it: a path, or the asterisk of OPTIONS. One with a scheme and the host is taken for
  /// its path, where that is the host that the head names.
  func path(_ raw: UnsafeRawBufferPointer, host: Slice<UnsafeRawBufferPointer>?) throws(MessageFault)
    -> Range<Int>
  {
    let text = raw[target]
    if text.first == UInt8(ascii: "/") { return target }
    if text.elementsEqual("*".utf8), raw[methodWithBlank].elementsEqual("OPTIONS ".utf8) { return target }
    for scheme in ["http://", "https://"] where text.starts(with: scheme.utf8) {
      let rest = text.dropFirst(scheme.utf8.count)
      let authority = rest.prefix { $0 != UInt8(ascii: "/") }
      guard let host, authority.elementsEqual(host), authority.endIndex < target.upperBound else { break }
      return authority.endIndex..<target.upperBound
    }
    throw .bad("the target has to be a path")
  }
}
