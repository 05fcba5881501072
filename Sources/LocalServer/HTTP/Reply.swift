import Essentials
package import NIOCore
package import NIOHTTP1
import Synchronization

/// The answer to a request.
package struct Reply: Sendable {
  /// Writes a body that is made while it is sent.
  package typealias Stream = @Sendable (ReplyStream) async throws -> Void

  enum Body: Sendable {
    case bytes(ByteBuffer)
    case stream(Stream)
  }

  var status: HTTPResponseStatus
  var headers: HTTPHeaders
  var body: Body

  /// A model as JSON, keys sorted.
  package static func json(_ value: some Encodable, status: HTTPResponseStatus = .ok) throws -> Reply {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    let bytes = ByteBuffer(bytes: try encoder.encode(value) + [10])
    return Reply(status: status, headers: ["Content-Type": "application/json"], body: .bytes(bytes))
  }

  /// What is answered where there is nothing to say.
  package static let ok = text("ok\n")

  /// An answer without a body: it was done.
  package static let noContent = Reply(status: .noContent, headers: [:], body: .bytes(ByteBuffer()))

  /// Plain text.
  package static func text(_ text: String, status: HTTPResponseStatus = .ok) -> Reply {
    Reply(
      status: status, headers: ["Content-Type": "text/plain; charset=utf-8"],
      body: .bytes(ByteBuffer(string: text)))
  }

  /// A failure as `{"error":"text"}`.
  static func failure(_ failure: HTTPFailure) -> Reply {
    let reply = try? json(["error": failure.message], status: failure.status)
    return reply ?? text(failure.message, status: failure.status)
  }

  /// Bytes that are made while they are sent. The head goes out with the first of them, so that a failure before
  /// that is still an answer of its own.
  package static func stream(_ stream: @escaping Stream) -> Reply {
    Reply(
      status: .ok, headers: ["Content-Type": "application/octet-stream"], body: .stream(stream))
  }
}

/// Where a body is written that is made while it is sent.
package final class ReplyStream: Sendable {
  private let channel: any Channel
  private let head: HTTPResponseHead
  private let state = Mutex(false)

  init(_ channel: any Channel, head: HTTPResponseHead) {
    self.channel = channel
    self.head = head
  }

  /// Whether the head is on its way, after which no other answer can be given.
  var hasBegun: Bool { state.withLock { $0 } }

  /// Sends the head, if it is not on its way yet.
  func begin() async throws {
    let isFirst = state.withLock { hasBegun in
      defer { hasBegun = true }
      return !hasBegun
    }
    if isFirst { try await channel.writeAndFlush(HTTPServerResponsePart.head(head)).get() }
  }

  /// Sends some bytes, and waits until they are with the system: a client that does not read is waited for.
  package func write(_ bytes: ByteBuffer) async throws {
    try await begin()
    try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(bytes))).get()
  }
}
