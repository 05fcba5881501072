import Logging
import MonotonicTime
package import NIOCore
import NIOHTTP1
import NIOWebSocket
import Synchronization

/// A websocket as Convox's tool uses one: a stream of bytes each way.
///
/// Bytes travel in TEXT frames, whatever they are; a BINARY frame, which is empty, means that the client has no more
/// to send; the client pings each 5 seconds; the end is a close with 1000.
package final class WebSocketStream: Sendable {
  /// What a client sends.
  package enum Input: Sendable {
    /// Some bytes.
    case bytes(ByteBuffer)
    /// There is no more to come; pings go on.
    case end
  }

  private let inbound: NIOAsyncChannelInboundStream<WebSocketFrame>
  private let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
  private let channel: any Channel
  private let patience: TimeAmount
  private let failed: @Sendable (HTTPFailure) -> Void
  private let isClosed = Mutex(false)

  /// - Parameter failed: Hears what the client is told of a conversation that cannot go on.
  init(
    _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
    _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>, _ channel: any Channel, limits: Limits,
    failed: @escaping @Sendable (HTTPFailure) -> Void
  ) {
    self.failed = failed
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
  /// - Throws: `WebSocketViolation`, of which the client was told, and whatever ended the connection.
  @concurrent
  package func converse(
    input: @escaping @Sendable (Input) async throws -> Void,
    output: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await self.listen(input)
        return true
      }
      group.addTask {
        await self.produce(output)
        return false
      }
      // After the output has ended the client is still listened to, until it has closed as well.
      while let clientEnded = try await group.next(), !clientEnded {}
      group.cancelAll()
    }
  }

  /// Takes what the client sends, to the end. The close that follows has a deadline, which also ends an output that
  /// waits for a client who does not read.
  private func listen(_ input: @Sendable (Input) async throws -> Void) async throws {
    do {
      try await consume(input)
      close(.normalClosure)
    } catch {
      let violation =
        (error as? NIOWebSocketError).map(WebSocketViolation.init) ?? error as? WebSocketViolation
      close(violation?.code ?? .unexpectedServerError)
      throw violation ?? error
    }
  }

  private func consume(_ input: @Sendable (Input) async throws -> Void) async throws {
    var order = FrameOrder()
    for try await frame in inbound {
      switch try order.check(frame) {
      case .bytes:
        let bytes = frame.unmaskedData
        if bytes.readableBytes > 0 { await hand(.bytes(bytes), to: input) }
      case .end: await hand(.end, to: input)
      case .ping: try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
      case .close: return
      case .nothing: break
      }
      try Task.checkCancellation()
    }
  }

  /// Hands on what came. Where nobody takes it any more, the client is still listened to: its output may go on, and it
  /// is the one to close.
  private func hand(_ piece: Input, to input: @Sendable (Input) async throws -> Void) async {
    do { try await input(piece) } catch {
      logger.debug("nobody takes a client's input", metadata: ["error": "\(HTTPFailure(error).message)"])
    }
  }

  private func produce(_ output: @Sendable () async throws -> Void) async {
    do {
      try await output()
      // Where it was cancelled, the client has ended, and whoever notices that closes.
      if !Task.isCancelled { close(.normalClosure) }
    } catch  where Task.isCancelled {
      return
    } catch {
      // As a rack tells it: the tool shows such bytes to its user.
      let failure = HTTPFailure(error)
      failed(failure)
      // Where the client is gone, there is nobody to tell.
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

  /// Sends bytes, and waits until they are with the system: a client that does not read is waited for.
  package func write(_ bytes: ByteBuffer) async throws {
    guard bytes.readableBytes > 0 else { return }
    guard let written = enqueue(bytes) else { throw CancellationError() }
    flush()
    try await written.get()
  }

  /// Puts bytes behind what waits to be sent.
  /// - Returns: Done once they are with the system; nil where the conversation is over.
  func enqueue(_ bytes: ByteBuffer) -> EventLoopFuture<Void>? {
    let frame = WebSocketFrame(fin: true, opcode: .text, data: bytes)
    // Under the lock, so that nothing follows the close.
    return isClosed.withLock { isClosed in isClosed ? nil : channel.write(frame) }
  }

  func flush() { channel.flush() }

  /// Where its connection lives.
  package var eventLoop: any EventLoop { channel.eventLoop }

  /// A handler for another connection of `eventLoop`: the client gets all that this one receives, as fast as it takes it.
  /// - Parameter ended: Succeeds once the connection has no more to say and all of it is with the system; fails with what
  ///   broke either connection.
  package func relay(_ ended: EventLoopPromise<Void>) -> some ChannelHandler {
    FrameRelay(self, ended: ended)
  }

  /// Says that the conversation is over, once; nothing is written afterwards. A client that does not close in turn, or
  /// does not read, is cut off after a while.
  func close(_ code: WebSocketErrorCode) {
    var data = ByteBuffer()
    data.write(webSocketErrorCode: code)
    let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    let isFirst = isClosed.withLock { isClosed in
      defer { isClosed = true }
      if !isClosed { channel.writeAndFlush(frame, promise: nil) }
      return !isClosed
    }
    guard isFirst else { return }
    let cut = channel.eventLoop.scheduleTask(in: patience) { [channel] in channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in cut.cancel() }
  }
}
