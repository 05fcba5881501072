import Essentials
import NIOCore
import NIOHTTP1

/// The body of an answer, part by part, as it arrives.
struct ResponseBody {
  private var parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
  private var ended = false
  private let action: String
  /// Set by each part that comes.
  private let mark: HeadMark

  init(
    _ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator, action: String,
    _ mark: HeadMark
  ) {
    self.parts = parts
    self.action = action
    self.mark = mark
  }

  /// The head of the answer, which comes first.
  @concurrent
  mutating func head() async throws -> HTTPResponseHead {
    guard case .head(let head)? = try await parts.next() else {
      throw DockerError(
        .connectionLost, "cannot \(action): the engine closed the connection without an answer")
    }
    mark.set()
    return head
  }

  /// The next bytes, or nil at the end of a complete body.
  @concurrent
  mutating func next() async throws -> ByteBuffer? {
    guard !ended else { return nil }
    switch try await parts.next() {
    case .body(let bytes)?:
      mark.set()
      return bytes
    case .end?:
      ended = true
      return nil
    case .head?: throw DockerError(.invalidResponse, "cannot \(action): the engine answered twice")
    case nil:
      throw DockerError(.connectionLost, "cannot \(action): the engine's answer broke off")
    }
  }

  /// The whole body.
  /// - Throws: ``DockerError`` with `bodyTooLarge` as soon as more than `limit` bytes have come.
  @concurrent
  mutating func collect(limit: Int) async throws -> Data {
    var data = Data()
    while let bytes = try await next() {
      guard data.count + bytes.readableBytes <= limit else {
        throw DockerError(
          .bodyTooLarge(limit: limit), "cannot \(action): the engine's answer exceeds \(limit) bytes")
      }
      data.append(contentsOf: bytes.readableBytesView)
    }
    return data
  }
}
