import CZlib
import DrydockBase

/// Compresses and expands streams in the gzip format (RFC 1952), by zlib.
package enum Gzip {
  /// The bytes by which the format is recognised.
  package static let magic: [UInt8] = [0x1f, 0x8b]

  /// A sink that hands on what it is given compressed.
  /// - Returns: The sink, and what has to be called after the last bytes.
  package static func compressing(_ sink: @escaping ByteSink) throws -> (
    sink: ByteSink, finish: @Sendable () async throws -> Void
  ) {
    let stream = GzipStream(try ZStream(.compress), sink)
    return ({ try await stream.write($0) }, { try await stream.finish() })
  }

  /// A source that gives what is compressed in another; several members in a row are one stream, as for gunzip.
  /// - Throws: From the source, `DrydockError` where the bytes are damaged or break off.
  package static func expanding(_ source: @escaping ByteSource) throws -> ByteSource {
    let stream = GunzipStream(try ZStream(.expand), source)
    return { try await stream.next() }
  }
}

private actor GzipStream {
  private let stream: ZStream
  private let sink: ByteSink

  init(_ stream: sending ZStream, _ sink: @escaping ByteSink) {
    self.stream = stream
    self.sink = sink
  }

  func write(_ bytes: [UInt8]) async throws {
    stream.feed(bytes)
    try await drain(flush: Z_NO_FLUSH)
  }

  func finish() async throws { try await drain(flush: Z_FINISH) }

  private func drain(flush: Int32) async throws {
    while true {
      let output = try stream.step(flush)
      if !output.isEmpty { try await sink(output) }
      if !stream.hasMore { return }
    }
  }
}

private actor GunzipStream {
  private let stream: ZStream
  private let source: ByteSource
  private var isOver = false

  init(_ stream: sending ZStream, _ source: @escaping ByteSource) {
    self.stream = stream
    self.source = source
  }

  func next() async throws -> [UInt8]? {
    while true {
      if stream.hasInput || stream.hasMore {
        let output = try stream.step(Z_NO_FLUSH)
        if !output.isEmpty { return output }
        if stream.hasInput { continue }
      }
      guard !isOver else { return nil }
      if let bytes = try await source() {
        stream.feed(bytes)
      } else {
        isOver = true
        guard stream.isAtEnd else { throw ZStream.truncated }
        return nil
      }
    }
  }
}

/// zlib's state, and the input that it has not taken yet.
private final class ZStream {
  enum Direction { case compress, expand }

  private let direction: Direction
  /// On the heap, because zlib keeps its address.
  private let state: UnsafeMutablePointer<z_stream>
  private var input: [UInt8] = []
  private var taken = 0
  private(set) var isAtEnd = false
  /// Whether the last step filled its room, so that more may be ready.
  private(set) var hasMore = false

  private static let room = 1 << 16

  init(_ direction: Direction) throws {
    self.direction = direction
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    // 15 bits of window, and 16 more for gzip's header.
    let size = Int32(MemoryLayout<z_stream>.size)
    let code =
      direction == .compress
      ? deflateInit2_(
        state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
      : inflateInit2_(state, 15 + 16, ZLIB_VERSION, size)
    guard code == Z_OK else { throw DrydockError(.internalFault, "zlib cannot start: \(code)") }
  }

  deinit {
    _ = direction == .compress ? deflateEnd(state) : inflateEnd(state)
    state.deallocate()
  }

  var hasInput: Bool { taken < input.count }

  /// Adds input; what came before has been taken by now.
  func feed(_ bytes: [UInt8]) {
    input = hasInput ? Array(input[taken...]) + bytes : bytes
    taken = 0
  }

  /// One call of zlib; what it gave.
  func step(_ flush: Int32) throws -> [UInt8] {
    if direction == .expand, isAtEnd {
      guard hasInput else { return [] }
      inflateReset(state)
      isAtEnd = false
    }
    var code = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: Self.room) { buffer, count in
      input.withUnsafeMutableBufferPointer { input in
        state.pointee.next_in = input.baseAddress.map { $0 + taken }
        state.pointee.avail_in = UInt32(input.count - taken)
        state.pointee.next_out = buffer.baseAddress
        state.pointee.avail_out = UInt32(buffer.count)
        code = direction == .compress ? deflate(state, flush) : inflate(state, flush)
        taken = input.count - Int(state.pointee.avail_in)
      }
      count = buffer.count - Int(state.pointee.avail_out)
    }
    hasMore = state.pointee.avail_out == 0
    isAtEnd = code == Z_STREAM_END
    // Z_BUF_ERROR says that there was nothing to do.
    guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { throw Self.damaged }
    return output
  }

  static var truncated: DrydockError {
    DrydockError(.failed, "the gzip data breaks off", suggestion: "the file was cut short: copy it again")
  }

  static var damaged: DrydockError {
    DrydockError(.failed, "the gzip data is damaged", suggestion: "copy the file again")
  }
}
