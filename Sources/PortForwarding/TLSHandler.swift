package import NIOCore
package import TransportSecurity

/// Speaks TLS with the peer of a connection on behalf of the handlers behind it, which see plain bytes.
package final class TLSHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias InboundOut = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  private let session: TLSSession
  private var isThrough = false
  /// Kept once the handshake is through, broken otherwise.
  private var handshake: EventLoopPromise<Void>?
  /// What was written before that.
  private var held: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []

  /// A handler of a session that begins.
  /// - Parameter handshake: Kept once the peer was verified, broken otherwise.
  package init(_ session: TLSSession, handshake: EventLoopPromise<Void>? = nil) {
    self.session = session
    self.handshake = handshake
  }

  /// The connection stands already.
  package func handlerAdded(context: ChannelHandlerContext) { advance(context) }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {
      try session.receive(Array(unwrapInboundIn(data).readableBytesView))
      if !isThrough { advance(context) }
      if isThrough { try deliver(context) }
      sendPending(context)
    } catch {
      fail(context, error)
    }
  }

  package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let bytes = unwrapOutboundIn(data)
    guard isThrough else { return held.append((bytes, promise)) }
    encrypt(bytes, context, promise)
  }

  private func encrypt(
    _ bytes: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    do {
      try session.encrypt(Array(bytes.readableBytesView))
      context.write(wrapOutboundOut(ByteBuffer(bytes: session.bytesToSend())), promise: promise)
    } catch {
      promise?.fail(error)
      fail(context, error)
    }
  }

  package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .output, isThrough else { return context.close(mode: mode, promise: promise) }
    session.endSending()
    let last = wrapOutboundOut(ByteBuffer(bytes: session.bytesToSend()))
    context.writeAndFlush(last).assumeIsolated().whenComplete { _ in
      context.close(mode: .output, promise: promise)
    }
  }

  package func channelInactive(context: ChannelHandlerContext) {
    settle(.failure(TLSError(.handshakeFailed, "the connection was closed during the handshake")))
    context.fireChannelInactive()
  }

  package func handlerRemoved(context: ChannelHandlerContext) { settle(.failure(ChannelError.alreadyClosed)) }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if !isThrough, case ChannelEvent.inputClosed? = event as? ChannelEvent {
      fail(context, TLSError(.handshakeFailed, "the peer closed the connection"))
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func advance(_ context: ChannelHandlerContext) {
    do {
      let isDone = try session.handshake()
      sendPending(context)
      guard isDone else { return }
      isThrough = true
      settle(.success(()))
      let waiting = held
      held = []
      for write in waiting { encrypt(write.bytes, context, write.promise) }
      if !waiting.isEmpty { context.flush() }
    } catch {
      // The alert that tells the peer why.
      sendPending(context)
      fail(context, error)
    }
  }

  private func deliver(_ context: ChannelHandlerContext) throws {
    while true {
      guard let bytes = try session.decrypt() else {
        return context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      }
      if bytes.isEmpty { return }
      context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: bytes)))
    }
  }

  private func sendPending(_ context: ChannelHandlerContext) {
    let bytes = session.bytesToSend()
    if !bytes.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil) }
  }

  private func settle(_ result: Result<Void, any Error>) {
    handshake?.completeWith(result)
    handshake = nil
    guard case .failure(let error) = result else { return }
    for write in held { write.promise?.fail(error) }
    held = []
  }

  private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
    settle(.failure(error))
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }
}
