import NIOCore

/// Sends what a connection receives into a websocket of the same event loop, without a task in between: a change of threads
/// for each piece costs more than its bytes.
///
/// It reads only while little waits to be written, so that a slow client slows the connection down. What is read is
/// written before the end is told.
final class FrameRelay: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// More than that waits for nobody to read on.
  private static let limit = 512 << 10

  private let socket: WebSocketStream
  private let ended: EventLoopPromise<Void>
  private var waiting = 0
  private var isReadDue = false
  private var isInputEnded = false
  private var context: ChannelHandlerContext?

  /// - Parameter ended: Succeeds once the connection's input has ended and is with the system; fails with what broke
  ///   either connection.
  init(_ socket: WebSocketStream, ended: EventLoopPromise<Void>) {
    self.socket = socket
    self.ended = ended
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    endInput()
  }

  func read(context: ChannelHandlerContext) {
    guard waiting < Self.limit else { return isReadDue = true }
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    let count = bytes.readableBytes
    guard count > 0 else { return }
    guard let written = socket.enqueue(bytes) else { return fail(CancellationError()) }
    waiting += count
    written.assumeIsolated().whenComplete { [self] result in
      waiting -= count
      if case .failure(let error) = result { return fail(error) }
      if isReadDue, waiting < Self.limit {
        isReadDue = false
        self.context?.read()
      }
      endWhenWritten()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    socket.flush()
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { endInput() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    endInput()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(error) }

  private func endInput() {
    isInputEnded = true
    endWhenWritten()
  }

  private func endWhenWritten() {
    if isInputEnded, waiting == 0 { ended.succeed() }
  }

  private func fail(_ error: any Error) {
    ended.fail(error)
    context?.close(promise: nil)
  }
}
