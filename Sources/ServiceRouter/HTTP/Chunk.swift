import NIOCore

/// A body in chunks: RFC 9112, section 7.1.
enum Chunk {
  /// What is copied rather than written in three pieces, in bytes.
  private static let small = 4096

  /// Hands on a chunk with these bytes.
  static func encode(_ data: ByteBuffer, to write: (ByteBuffer) -> Void) {
    guard data.readableBytes > 0 else { return }
    var head = ByteBufferAllocator().buffer(
      capacity: data.readableBytes < small ? data.readableBytes + 12 : 12)
    head.writeString(String(data.readableBytes, radix: 16))
    head.writeStaticString("\r\n")
    guard data.readableBytes >= small else {
      head.writeImmutableBuffer(data)
      head.writeStaticString("\r\n")
      return write(head)
    }
    write(head)
    write(data)
    write(lineEnd)
  }

  private static let lineEnd = ByteBuffer(staticString: "\r\n")
  private static let last = ByteBuffer(staticString: "0\r\n\r\n")

  /// The end of the body.
  /// - Parameter trailers: Their lines with the empty one.
  static func end(_ trailers: ByteBuffer?) -> ByteBuffer {
    guard let trailers else { return last }
    var end = ByteBuffer(staticString: "0\r\n")
    end.writeImmutableBuffer(trailers)
    return end
  }
}
