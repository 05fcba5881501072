import NIOCore

/// The head of a response that was understood, its bytes as they came.
struct ResponseHead {
  let bytes: ByteBuffer
  let fields: FieldLines
  let options: ConnectionOptions
  let status: Int
  /// The status with its reason, as in the first line.
  let statusAndReason: Range<Int>
  let framing: Framing
  /// Whether the server keeps the connection for another request.
  let isKeptAlive: Bool

  /// One that another one follows.
  var isInterim: Bool { status < 200 && status != 101 }

  /// - Parameter method: What was asked for by, as nothing follows the head of an answer to HEAD.
  init(_ bytes: ByteBuffer, to method: RequestHead.Method) throws(MessageFault) {
    self = try bytes.withUnsafeReadableBytes { raw throws(MessageFault) in
      try ResponseHead(bytes, raw, to: method)
    }
  }

  private init(_ bytes: ByteBuffer, _ raw: UnsafeRawBufferPointer, to method: RequestHead.Method)
    throws(MessageFault)
  {
    guard raw.count > 12, raw[0..<7].elementsEqual("HTTP/1.".utf8), raw[8] == Bytes.space else {
      throw .bad("it does not answer in HTTP/1")
    }
    let digits = raw[9..<12].compactMap(Bytes.digit)
    guard digits.count == 3, digits.allSatisfy({ $0 < 10 }), digits[0] > 0 else {
      throw .bad("its status is wrong")
    }
    var end = 12
    while end < raw.count, Bytes.isValue(raw[end]) { end += 1 }
    guard end + 1 < raw.count, raw[end] == Bytes.carriageReturn, raw[end + 1] == Bytes.lineFeed,
      end == 12 || raw[12] == Bytes.space
    else { throw .bad("its first line is wrong") }
    self.bytes = bytes
    status = digits[0] * 100 + digits[1] * 10 + digits[2]
    statusAndReason = 9..<end
    fields = try FieldLines(raw, from: end + 2)
    options = ConnectionOptions(fields, raw)
    let told = try Framing.told(by: fields, raw)
    let hasNoBody = method == .head || status < 200 || status == 204 || status == 304
    framing = hasNoBody ? .none : told ?? .untilClose
    let isHTTP10 = raw[7] == UInt8(ascii: "0")
    let isKept = isHTTP10 ? options.keepsAlive && !options.closes : !options.closes
    isKeptAlive = isKept && framing != .untilClose
  }
}
