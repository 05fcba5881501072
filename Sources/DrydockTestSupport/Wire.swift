import Foundation
import MonotonicTime
package import NIOCore
import NIOPosix

/// The time for what a test does over sockets: far more than it takes, as some carry a hundred megabytes on a busy machine.
package let socketPatience = Duration.seconds(300)

/// A connection to a server on this machine, on which a test says and reads single bytes.
package struct Wire {
  private var parts: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var received = ByteBuffer()

  /// Connects, runs `body` and closes the connection. Everything together has to be done within a time.
  /// - Parameter prepare: Called with the connection before anything is sent over it.
  package static func connect<Value: Sendable>(
    port: Int, within time: Duration = socketPatience,
    prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
    _ body: @escaping @Sendable @concurrent (inout Wire) async throws -> Value
  ) async throws -> Value {
    try await withDeadline(.after(time), "the server's answer") {
      let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "127.0.0.1", port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try prepare(channel)
            return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
              wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
          }
        }
      return try await channel.executeThenClose { inbound, outbound in
        var wire = Wire(parts: inbound.makeAsyncIterator(), outbound: outbound)
        return try await body(&wire)
      }
    }
  }

  init(
    parts: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
    outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.parts = parts
    self.outbound = outbound
  }

  /// Sends text as it is.
  package func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

  /// Sends bytes.
  package func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

  /// Says that nothing more will be sent; what the server sends is still read.
  package func finish() { outbound.finish() }

  /// Reads more; false at the end of what the server sends.
  @concurrent
  private mutating func receive() async throws -> Bool {
    do {
      guard var bytes = try await parts.next() else { return false }
      received.writeBuffer(&bytes)
      return true
    } catch is IOError {
      // A reset ends a connection as well.
      return false
    }
  }

  /// So many bytes; nil when the connection ends before.
  @concurrent
  package mutating func read(_ count: Int) async throws -> [UInt8]? {
    while received.readableBytes < count {
      guard try await receive() else { return nil }
    }
    return received.readBytes(length: count)
  }

  /// A line without its CR LF; nil when the connection ends before.
  @concurrent
  package mutating func line() async throws -> String? {
    while true {
      if let end = received.readableBytesView.firstIndex(of: 10) {
        let bytes = received.readBytes(length: end - received.readerIndex + 1) ?? []
        return String(decoding: bytes.dropLast(bytes.dropLast().last == 13 ? 2 : 1), as: UTF8.self)
      }
      guard try await receive() else { return nil }
    }
  }

  /// All that comes until the server closes the connection.
  @concurrent
  package mutating func rest() async throws -> [UInt8] {
    while try await receive() {}
    return received.readBytes(length: received.readableBytes) ?? []
  }

  // MARK: HTTP

  /// The next response; nil when the connection ends before one.
  @concurrent
  package mutating func response() async throws -> WireResponse? {
    guard var response = try await responseHead() else { return nil }
    if [100, 101, 204].contains(response.status) { return response }
    if let length = response.headers["content-length"].flatMap({ Int($0) }) {
      guard let bytes = try await read(length) else { throw FixtureError("the body broke off") }
      response.body = bytes
    } else {
      while let bytes = try await chunk() {
        if bytes.isEmpty { return response }
        response.body += bytes
      }
      response.isTruncated = true
    }
    return response
  }

  /// The status and headers of the next response; nil when the connection ends before one.
  @concurrent
  package mutating func responseHead() async throws -> WireResponse? {
    guard let first = try await line() else { return nil }
    let words = first.split(separator: " ", maxSplits: 2)
    guard words.count > 1, let status = Int(words[1]) else { throw FixtureError("no status line: \(first)") }
    var response = WireResponse(status: status)
    while let line = try await line(), !line.isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1)
      response.headers[parts[0].lowercased()] =
        parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    return response
  }

  /// The next chunk of a body; empty at its end, nil when the connection ends before.
  @concurrent
  package mutating func chunk() async throws -> [UInt8]? {
    guard let size = try await line().flatMap({ Int($0, radix: 16) }) else { return nil }
    guard let bytes = try await read(size + 2) else { throw FixtureError("the body broke off") }
    return bytes.dropLast(2)
  }

  // MARK: Websocket

  /// Sends a frame as a client does, masked unless told otherwise.
  package func send(frame opcode: UInt8, _ payload: [UInt8], fin: Bool = true, masked: Bool = true)
    async throws
  {
    try await send(WireFrame.encode(opcode, payload, fin: fin, masked: masked))
  }

  /// The next frame; nil when the connection ends before one.
  @concurrent
  package mutating func frame() async throws -> WireFrame? {
    guard let head = try await read(2) else { return nil }
    var length = Int(head[1] & 0x7f)
    if length >= 126 {
      guard let bytes = try await read(length == 126 ? 2 : 8) else { return nil }
      length = bytes.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let payload = try await read(length) else { return nil }
    return WireFrame(opcode: head[0] & 0x0f, isFinal: head[0] & 0x80 != 0, payload: payload)
  }
}

/// A response as it came.
package struct WireResponse: Sendable, Hashable {
  /// The status code.
  package var status: Int
  /// The headers, by their names in lower case.
  package var headers: [String: String] = [:]
  /// The body, chunks joined.
  package var body: [UInt8] = []
  /// Whether the connection ended before a chunked body did.
  package var isTruncated = false

  /// A response without headers and body.
  package init(status: Int) { self.status = status }

  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// A websocket frame as it came.
package struct WireFrame: Sendable, Hashable {
  /// 1 text, 2 binary, 8 close, 9 ping, 10 pong, 0 continuation.
  package var opcode: UInt8
  /// Whether it ends its message.
  package var isFinal: Bool
  /// What it carries.
  package var payload: [UInt8]

  /// A frame of these parts.
  package init(opcode: UInt8, isFinal: Bool, payload: [UInt8]) {
    (self.opcode, self.isFinal, self.payload) = (opcode, isFinal, payload)
  }

  /// The payload as text.
  package var text: String { String(decoding: payload, as: UTF8.self) }
  /// The status of a close frame.
  package var closeCode: Int? {
    opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
  }

  /// The bytes of a client's frame.
  package static func encode(_ opcode: UInt8, _ payload: [UInt8], fin: Bool = true, masked: Bool = true)
    -> [UInt8]
  {
    let mask: [UInt8] = [0x12, 0xfe, 0x00, 0x77]
    let count = payload.count
    let length: [UInt8] =
      count < 126
      ? [UInt8(count)]
      : count < 65536
        ? [126, UInt8(count >> 8), UInt8(count & 0xff)]
        : [127] + (0..<8).reversed().map { UInt8(count >> ($0 * 8) & 0xff) }
    let head = [(fin ? 0x80 : 0) | opcode, length[0] | (masked ? 0x80 : 0)] + length.dropFirst()
    guard masked else { return head + payload }
    return head + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
  }
}
