import NIOCore

/// The head of a request that was understood, its bytes as they came.
struct RequestHead {
  enum Method {
    case get, head
    /// Doing it twice is the same as once: RFC 9110, section 9.2.2.
    case idempotent
    case other
  }

  let bytes: ByteBuffer
  let fields: FieldLines
  let options: ConnectionOptions
  let method: Method
  /// The method with the blank behind it.
  let methodWithBlank: Range<Int>
  /// The target, without scheme and host.
  let target: Range<Int>
  let isHTTP10: Bool
  let framing: Framing
  /// Whether the client keeps the connection for another request.
  let isKeptAlive: Bool
  let expectsContinue: Bool

  var hasNoBody: Bool { framing == .none || framing == .length(0) }
  /// Whether it can be sent a second time, should the first have got no answer.
  var isRepeatable: Bool { hasNoBody && method != .other }
  /// Whether it asks to go on in another protocol.
  var asksForUpgrade: Bool { options.upgrades && fields.first(.upgrade) != nil && hasNoBody && !isHTTP10 }

  init(_ bytes: ByteBuffer) throws(MessageFault) {
    self = try bytes.withUnsafeReadableBytes { raw throws(MessageFault) in try RequestHead(bytes, raw) }
  }

  private init(_ bytes: ByteBuffer, _ raw: UnsafeRawBufferPointer) throws(MessageFault) {
    let line = try RequestLine(raw)
    fields = try FieldLines(raw, from: line.end)
    self.bytes = bytes
    options = ConnectionOptions(fields, raw)
    method = line.method
    methodWithBlank = line.methodWithBlank
    target = try line.path(raw, host: Self.host(fields, raw, isHTTP10: line.isHTTP10))
    isHTTP10 = line.isHTTP10
    let told = try Framing.told(by: fields, raw)
    guard !isHTTP10 || told != .chunked else { throw .bad("chunks in HTTP/1.0") }
    framing = told ?? .none
    isKeptAlive = isHTTP10 ? options.keepsAlive && !options.closes : !options.closes
    expectsContinue = !isHTTP10 && fields.all(.expect).contains { raw[$0.value].isNamed("100-continue") }
  }

  /// RFC 9112, section 3.2.
  private static func host(_ fields: FieldLines, _ raw: UnsafeRawBufferPointer, isHTTP10: Bool)
    throws(MessageFault) -> Slice<UnsafeRawBufferPointer>?
  {
    let hosts = fields.all(.host)
    guard hosts.count == 1 || (isHTTP10 && hosts.isEmpty) else { throw .bad("one Host is needed") }
    guard let host = hosts.first.map({ raw[$0.value] }) else { return nil }
    guard host.allSatisfy({ Bytes.isTarget($0) && $0 != Bytes.comma }) else {
      throw .bad("the Host is wrong")
    }
    return host
  }

  /// The values of a field's lines, joined.
  func value(_ field: KnownField) -> String? {
    let lines = fields.all(field)
    guard !lines.isEmpty else { return nil }
    return bytes.withUnsafeReadableBytes { raw in lines.map { raw[$0.value].text }.joined(separator: ", ") }
  }

  /// Path and query as text; the root's for a target that has none.
  var path: String {
    let text = bytes.withUnsafeReadableBytes { $0[target].text }
    return text.utf8.first == UInt8(ascii: "/") ? text : "/"
  }

  /// Whether a page is wanted, by somebody at a browser.
  var wantsPage: Bool { value(.accept)?.lowercased().contains("text/html") ?? false }
}
