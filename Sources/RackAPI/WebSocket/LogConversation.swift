import LocalServer
import NIOCore
import NativeProcess
import Services

/// A log, as long as somebody reads it.
struct LogConversation: Sendable {
  let log: ServiceLog
  let options: LogOptions

  /// How much goes into a frame.
  private static let frame = 64 << 10

  /// Runs until the client is gone; without following, until all is told.
  @concurrent
  func run(_ socket: WebSocketStream) async throws {
    try await socket.converse { _ in
    } output: {
      guard options.follows else {
        var writer = LogLineWriter(options)
        return try await log.read(
          since: options.tail == nil || options.namesSince ? options.begin : nil,
          last: options.tail
        ) { try await Self.send(writer.bytes($0), socket) }
      }
      let writer = LogFrames(LogLineWriter(options))
      try await log.follow(from: start) { try await Self.send(await writer.bytes($0), socket) }
    }
  }

  private var start: LogStart {
    options.tail.map { .last($0) } ?? .time(options.begin)
  }

  private static func send(_ bytes: [UInt8], _ socket: WebSocketStream) async throws {
    for start in stride(from: 0, to: bytes.count, by: frame) {
      try await socket.write(ByteBuffer(bytes: bytes[start..<min(start + frame, bytes.count)]))
    }
  }
}

/// The writer of one conversation, which goes on from portion to portion.
private actor LogFrames {
  private var writer: LogLineWriter

  init(_ writer: LogLineWriter) { self.writer = writer }

  func bytes(_ lines: [NamedLine]) -> [UInt8] { writer.bytes(lines) }
}
