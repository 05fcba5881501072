import NIOCore

/// What a server is told of the way that a request came.
struct ForwardedBy {
  /// The client's address.
  let client: String
  /// The port at which the client asked.
  let port: Int
  /// `http` or `https`.
  let scheme: String
}

extension RequestHead {
  /// The head as a server gets it: without what is of the client's connection, and with what AWS's balancer adds.
  ///
  /// The client's own addresses in `X-Forwarded-For` stay and the client's is put behind them; `-Proto` and `-Port` are
  /// the balancer's alone; the `Host` stays as it is (AWS: "HTTP headers and Application Load Balancers").
  func forwarded(_ by: ForwardedBy) -> ByteBuffer {
    var out = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 160)
    bytes.withUnsafeReadableBytes { raw in
      out.writeBytes(UnsafeRawBufferPointer(rebasing: raw[methodWithBlank]))
      out.writeBytes(UnsafeRawBufferPointer(rebasing: raw[target]))
      out.writeStaticString(" HTTP/1.1\r\n")
      if fields.first(.host) == nil { out.writeString("Host: 127.0.0.1:\(by.port)\r\n") }
      fields.copy(raw, to: &out) { index, line in
        switch line.field {
        case .forwardedFor, .forwardedProto, .forwardedPort: false
        case .expect: !isHTTP10
        default: !line.field.isOfConnection && !options.named.contains(index)
        }
      }
      if asksForUpgrade {
        out.writeStaticString("Connection: upgrade\r\n")
        for line in fields.all(.upgrade) { out.writeBytes(UnsafeRawBufferPointer(rebasing: raw[line.whole])) }
      } else if options.takesTrailers {
        out.writeStaticString("TE: trailers\r\nConnection: TE\r\n")
      }
    }
    if framing == .chunked { out.writeStaticString("Transfer-Encoding: chunked\r\n") }
    out.writeStaticString("X-Forwarded-For: ")
    if let before = value(.forwardedFor), !before.isEmpty { out.writeString("\(before), ") }
    out.writeString(by.client)
    out.writeStaticString("\r\nX-Forwarded-Proto: ")
    out.writeString(by.scheme)
    out.writeStaticString("\r\nX-Forwarded-Port: ")
    out.writeString(String(by.port))
    out.writeStaticString("\r\n\r\n")
    return out
  }
}

extension FieldLines {
  /// Copies the lines that are passed on; neighbours at once.
  func copy(_ raw: UnsafeRawBufferPointer, to out: inout ByteBuffer, _ isPassedOn: (Int, Line) -> Bool) {
    var run: Range<Int>?
    for (index, line) in lines.enumerated() {
      if isPassedOn(index, line) {
        run = (run?.lowerBound ?? line.whole.lowerBound)..<line.whole.upperBound
      } else if let copied = run {
        out.writeBytes(UnsafeRawBufferPointer(rebasing: raw[copied]))
        run = nil
      }
    }
    if let run { out.writeBytes(UnsafeRawBufferPointer(rebasing: raw[run])) }
  }
}
