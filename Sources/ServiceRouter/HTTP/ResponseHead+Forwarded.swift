import NIOCore

/// How a response's head is written for its client.
struct ReplyForm {
  /// Whether the body goes in chunks.
  var isChunked = false
  /// Whether the connection ends behind it.
  var closes = false
  /// Whether an HTTP/1.0 client has to be told that the connection stays.
  var saysKeepAlive = false
  /// A cookie to set, whole.
  var cookie: String?
}

extension ResponseHead {
  /// The head as the client gets it: without what is of the server's connection.
  func forwarded(_ form: ReplyForm) -> ByteBuffer {
    var out = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 64)
    out.writeStaticString("HTTP/1.1 ")
    bytes.withUnsafeReadableBytes { raw in
      out.writeBytes(UnsafeRawBufferPointer(rebasing: raw[statusAndReason]))
      out.writeStaticString("\r\n")
      // These say what to upgrade to.
      let keepsUpgrade = status == 101 || status == 426
      fields.copy(raw, to: &out) { index, line in
        switch line.field {
        case .upgrade: keepsUpgrade
        // RFC 9110, section 8.6: it may not stand there.
        case .contentLength: status >= 200 && status != 204
        default: !line.field.isOfConnection && !options.named.contains(index)
        }
      }
      if keepsUpgrade { out.writeStaticString("Connection: upgrade\r\n") }
    }
    if form.isChunked { out.writeStaticString("Transfer-Encoding: chunked\r\n") }
    if form.closes { out.writeStaticString("Connection: close\r\n") }
    if form.saysKeepAlive { out.writeStaticString("Connection: keep-alive\r\n") }
    if let cookie = form.cookie { out.writeString("Set-Cookie: \(cookie)\r\n") }
    out.writeStaticString("\r\n")
    return out
  }
}
