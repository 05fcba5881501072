import NIOCore

/// Reads a body out of what comes on a connection, and finds its end.
struct BodyReader {
  enum Piece {
    case data(ByteBuffer)
    /// The end, with the trailer section: its lines and the empty one, as they came.
    case end(trailers: ByteBuffer?)
  }

  private enum Place {
    case length(Int)
    case untilClose
    case chunkLine
    case chunk(Int)
    case chunkEnd
    case trailers
    case ended
  }

  private var place: Place
  private var seen = 0

  init(_ framing: Framing) {
    place =
      switch framing {
      case .none: .length(0)
      case .length(let count): .length(count)
      case .chunked: .chunkLine
      case .untilClose: .untilClose
      }
  }

  /// Whether the body ends where the connection does.
  var endsWithConnection: Bool { if case .untilClose = place { true } else { false } }

  /// The next piece; nil while more bytes are needed.
  mutating func next(_ bytes: inout ByteBuffer) throws(MessageFault) -> Piece? {
    while true {
      switch place {
      case .ended: return nil
      case .length(0):
        place = .ended
        return .end(trailers: nil)
      case .length(let left):
        guard let data = Self.some(&bytes, left) else { return nil }
        place = .length(left - data.readableBytes)
        return .data(data)
      case .untilClose:
        return Self.some(&bytes, .max).map { .data($0) }
      case .chunk(let left):
        guard let data = Self.some(&bytes, left) else { return nil }
        place = left == data.readableBytes ? .chunkEnd : .chunk(left - data.readableBytes)
        return .data(data)
      case .chunkEnd:
        guard let end = bytes.readInteger(as: UInt16.self) else { return nil }
        guard end == 0x0d0a else { throw .bad("a chunk is longer than it says") }
        place = .chunkLine
      case .chunkLine:
        guard let line = try line(&bytes) else { return nil }
        let size = try Self.size(line)
        place = size == 0 ? .trailers : .chunk(size)
      case .trailers:
        guard let trailers = try trailers(&bytes) else { return nil }
        place = .ended
        return .end(trailers: trailers.readableBytes > 2 ? trailers : nil)
      }
    }
  }

  private static func some(_ bytes: inout ByteBuffer, _ most: Int) -> ByteBuffer? {
    let count = min(most, bytes.readableBytes)
    return count > 0 ? bytes.readSlice(length: count) : nil
  }

  /// A line without its CR LF.
  private mutating func line(_ bytes: inout ByteBuffer) throws(MessageFault) -> ByteBuffer? {
    let view = bytes.readableBytesView
    guard let feed = view.firstIndex(of: Bytes.lineFeed) else {
      guard view.count <= MessageLimits.chunkLine else { throw .bad("the line before a chunk is too long") }
      return nil
    }
    let count = feed - view.startIndex
    guard count <= MessageLimits.chunkLine, count > 0, view[feed - 1] == Bytes.carriageReturn,
      let line = bytes.readSlice(length: count - 1)
    else { throw .bad("the line before a chunk is wrong") }
    bytes.moveReaderIndex(forwardBy: 2)
    return line
  }

  /// The size of a chunk; extensions mean nothing to us and go no further: RFC 9112, section 7.1.1.
  private static func size(_ line: ByteBuffer) throws(MessageFault) -> Int {
    var size = 0
    var digits = 0
    for (index, byte) in line.readableBytesView.enumerated() {
      if let digit = Bytes.digit(byte), digits == index, digits < 15 {
        size = size << 4 | digit
        digits += 1
      } else if digits == index, byte != Bytes.semicolon {
        throw .bad("the size of a chunk is wrong")
      } else if !Bytes.isValue(byte) {
        throw .bad("the line before a chunk is wrong")
      }
    }
    guard digits > 0 else { throw .bad("the size of a chunk is wrong") }
    return size
  }

  private mutating func trailers(_ bytes: inout ByteBuffer) throws(MessageFault) -> ByteBuffer? {
    if bytes.getInteger(at: bytes.readerIndex, as: UInt16.self) == 0x0d0a {
      return bytes.readSlice(length: 2)
    }
    let view = bytes.readableBytesView
    var index = view.startIndex + max(3, seen)
    while index < view.endIndex {
      if view[index] == Bytes.lineFeed, view[index - 1] == Bytes.carriageReturn,
        view[index - 2] == Bytes.lineFeed, view[index - 3] == Bytes.carriageReturn
      {
        let section = bytes.readSlice(length: index + 1 - view.startIndex)
        return try section.map { section throws(MessageFault) in try Self.checked(section) }
      }
      index += 1
    }
    guard view.count <= MessageLimits.trailers else { throw MessageFault(431, "the trailers are too long") }
    seen = view.count
    return nil
  }

  /// Only what a trailer may be: nothing that says how a message is read or where it goes.
  private static func checked(_ section: ByteBuffer) throws(MessageFault) -> ByteBuffer {
    try section.withUnsafeReadableBytes { raw throws(MessageFault) in
      let fields = try FieldLines(raw, from: 0)
      var kept = ByteBuffer()
      for line in fields.lines where line.field == .other {
        kept.writeBytes(UnsafeRawBufferPointer(rebasing: raw[line.whole]))
      }
      kept.writeStaticString("\r\n")
      return kept
    }
  }
}
