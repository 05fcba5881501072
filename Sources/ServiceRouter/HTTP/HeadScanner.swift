import NIOCore

/// Finds heads in what comes on a connection.
///
/// A byte is looked at once, however small the pieces are in which a slow client sends.
struct HeadScanner {
  private var seen = 0

  /// Takes a head, its empty line included, out of the bytes; nil while it is not complete.
  /// - Throws: `MessageFault` when it is too long, or can be no head.
  mutating func take(_ bytes: inout ByteBuffer) throws(MessageFault) -> ByteBuffer? {
    if seen == 0 { Self.skipEmptyLines(&bytes) }
    guard bytes.readableBytes > 0 else { return nil }
    let end = try bytes.withUnsafeReadableBytes { raw throws(MessageFault) in try find(raw) }
    guard let end, let head = bytes.readSlice(length: end) else { return nil }
    seen = 0
    return head
  }

  /// RFC 9112, section 2.2: some clients send an empty line behind a body.
  private static func skipEmptyLines(_ bytes: inout ByteBuffer) {
    while bytes.getInteger(at: bytes.readerIndex, as: UInt16.self) == 0x0d0a {
      bytes.moveReaderIndex(forwardBy: 2)
    }
  }

  private mutating func find(_ raw: UnsafeRawBufferPointer) throws(MessageFault) -> Int? {
    if seen == 0, !Bytes.isToken(raw[0]) {
      // Maybe one more empty line.
      if raw[0] == Bytes.carriageReturn, raw.count == 1 { return nil }
      throw .bad(raw[0] == 0x16 ? "this port speaks HTTP without TLS" : "this is no HTTP")
    }
    var index = seen
    while index < raw.count {
      if raw[index] == Bytes.lineFeed, index >= 3, raw[index - 1] == Bytes.carriageReturn,
        raw[index - 2] == Bytes.lineFeed, raw[index - 3] == Bytes.carriageReturn
      {
        guard index < MessageLimits.head else { throw Self.tooLong }
        return index + 1
      }
      index += 1
    }
    guard raw.count < MessageLimits.head else { throw Self.tooLong }
    seen = index
    return nil
  }

  private static let tooLong = MessageFault(431, "the head is longer than \(MessageLimits.head / 1024) KiB")
}
