import NIOCore
import TransportSecurity

/// Speaks TLS with the server of a connection on behalf of the handlers behind it, which see plain bytes.
final class TLSClientHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias InboundOut = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  private let client: TLSClient
  /// Kept once the server was verified, broken otherwise.
  private var handshake: EventLoopPromise<Void>?

  init(_ client: TLSClient, handshake: EventLoopPromise<Void>) {
    self.client = client
    self.handshake = handshake
  }

  /// The connection stands already.
  package func handlerAdded(context: ChannelHandlerContext) { advance(context) }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {
      try client.receive(Array(unwrapInboundIn(data).readableBytesView))
      if handshake != nil { advance(context) }
      if handshake == nil { try deliver(context) }
      sendPending(context)
    } catch {
      fail(context, error)
    }
  }

  package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    do {
      try client.encrypt(Array(unwrapOutboundIn(data).readableBytesView))
      context.write(wrapOutboundOut(ByteBuffer(bytes: client.bytesToSend())), promise: promise)
    } catch {
      promise?.fail(error)
      fail(context, error)
    }
  }

  package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .output, handshake == nil else { return context.close(mode: mode, promise: promise) }
    client.endSending()
    let last = wrapOutboundOut(ByteBuffer(bytes: client.bytesToSend()))
    context.writeAndFlush(last).assumeIsolated().whenComplete { _ in
      context.close(mode: .output, promise: promise)
    }
  }

  package func channelInactive(context: ChannelHandlerContext) {
    settle(.failure(TLSError(.handshakeFailed, "the connection was closed during the handshake")))
    context.fireChannelInactive()
  }

  package func handlerRemoved(context: ChannelHandlerContext) { settle(.failure(ChannelError.alreadyClosed)) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if handshake != nil, case ChannelEvent.inputClosed? = event as? ChannelEvent {
      fail(context, TLSError(.handshakeFailed, "the server closed the connection"))
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func advance(_ context: ChannelHandlerContext) {
    do {
      let isDone = try client.handshake()
      sendPending(context)
      if isDone { settle(.success(())) }
    } catch {
      // The alert that tells the server why.
      sendPending(context)
      fail(context, error)
    }
  }

  private func deliver(_ context: ChannelHandlerContext) throws {
    while true {
      guard let bytes = try client.decrypt() else {
        return context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      }
      if bytes.isEmpty { return }
      context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: bytes)))
    }
  }

  private func sendPending(_ context: ChannelHandlerContext) {
    let bytes = client.bytesToSend()
    if !bytes.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil) }
  }

  private func settle(_ result: Result<Void, any Error>) {
    handshake?.completeWith(result)
    handshake = nil
  }

  private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
    settle(.failure(error))
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }
}
