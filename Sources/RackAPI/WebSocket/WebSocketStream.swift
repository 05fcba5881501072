import MonotonicTime
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// A websocket as Convox's tool uses one: a stream of bytes each way.
///
/// Bytes travel in TEXT frames, whatever they are; a BINARY frame, which is empty, means that the client has no more
/// to send; the client pings each 5 seconds; the end is a close with 1000.
struct WebSocketStream: Sendable {
  /// What a client sends.
  enum Input: Sendable {
    case bytes(ByteBuffer)
    /// There is no more to come; pings go on.
    case end
  }

  private let inbound: NIOAsyncChannelInboundStream<WebSocketFrame>
  private let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
  private let channel: any Channel
  private let patience: TimeAmount

  init(
    _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
    _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>, _ channel: any Channel, limits: Limits
  ) {
    self.inbound = inbound
    self.outbound = outbound
    self.channel = channel
    self.patience = limits.close
  }

  /// Carries on a whole conversation, which can be done once. It ends when `output` returns or throws, after which the
  /// websocket is closed in order, or when the client closes it or is gone, which cancels `output`.
  /// - Parameters:
  ///   - input: Takes what the client sends; nothing further is read while it works. Its errors are for `output` to see.
  ///   - output: Writes what the client gets. What it throws is told to the client in words.
  /// - Throws: `WebSocketViolation`, and whatever ended the connection.
  @concurrent
  func converse(
    input: @escaping @Sendable (Input) async throws -> Void,
    output: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await consume(input)
        return true
      }
      group.addTask {
        await produce(output)
        return false
      }
      // After the output has ended the client is still listened to, until it has closed as well.
      while let clientEnded = try await group.next(), !clientEnded {}
      group.cancelAll()
    }
  }

  private func consume(_ input: @Sendable (Input) async throws -> Void) async throws {
    var order = FrameOrder()
    for try await frame in inbound {
      switch try order.check(frame) {
      case .bytes:
        let bytes = frame.unmaskedData
        if bytes.readableBytes > 0 { try? await input(.bytes(bytes)) }
      case .end: try? await input(.end)
      case .ping: try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
      case .close: return
      case .nothing: break
      }
      try Task.checkCancellation()
    }
  }

  private func produce(_ output: @Sendable () async throws -> Void) async {
    do {
      try await output()
      close(.normalClosure)
    } catch is CancellationError {
      close(.goingAway)
    } catch {
      // As a rack tells it: the tool shows such bytes to its user.
      let failure = HTTPFailure(error)
      try? await write(ByteBuffer(string: "ERROR: \(failure.message)\n"))
      close(failure.status == .forbidden ? .policyViolation : .normalClosure)
    }
  }

  /// Tells the client why there will be no conversation.
  func refuse(_ failure: HTTPFailure) async throws {
    try await converse { _ in
    } output: {
      throw failure
    }
  }

  /// Sends bytes, waiting while the client does not read.
  func write(_ bytes: ByteBuffer) async throws {
    try await outbound.write(WebSocketFrame(fin: true, opcode: .text, data: bytes))
  }

  /// Says that the conversation is over; nothing may be written afterwards. A client that does not close in turn is cut
  /// off after a while.
  func close(_ code: WebSocketErrorCode) { Self.close(channel, code, patience: patience) }

  /// Closes a websocket from outside of its conversation.
  static func close(_ channel: any Channel, _ code: WebSocketErrorCode, patience: TimeAmount) {
    var data = ByteBuffer()
    data.write(webSocketErrorCode: code)
    channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: data), promise: nil)
    let cut = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in cut.cancel() }
  }
}
