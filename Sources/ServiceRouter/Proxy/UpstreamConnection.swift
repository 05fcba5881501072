import NIOCore
import NIOPosix

/// A connection to a replica, which serves one request after the other.
///
/// It reads only while the client can be written to, so that a slow client slows the server down.
final class UpstreamConnection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase { case idle, head, body(BodyReader), tunnel }

  /// How long a connection waits for a next request: servers close theirs after 2 s (gunicorn) or 5 s (Node) and more.
  static let idleLimit = TimeAmount.seconds(4)
  /// The same for a request that cannot be sent twice, in case the server closes it at that very moment.
  static let freshLimit = TimeAmount.seconds(1)

  private let entry: BackendEntry
  private var context: ChannelHandlerContext?
  private var exchange: Exchange?
  private var phase = Phase.idle
  private var scanner = HeadScanner()
  private var received = ByteBuffer()
  private var hasAnswered = false
  private var isRequestOver = false
  private var isKept = true
  private var isReadDue = false
  private(set) var idleSince = NIODeadline.now()

  private init(_ entry: BackendEntry) { self.entry = entry }

  static func connect(_ entry: BackendEntry, _ core: RouterCore) -> EventLoopFuture<UpstreamConnection> {
    let promise = core.loop.makePromise(of: UpstreamConnection.self)
    guard let address = entry.address else {
      promise.fail(ChannelError.unknownLocalAddress)
      return promise.futureResult
    }
    let connection = NIOLoopBound(UpstreamConnection(entry), eventLoop: core.loop)
    ClientBootstrap(group: core.loop).connectTimeout(TimeAmount(core.options.connectTimeout))
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.writeBufferWaterMark, value: .routing)
      .channelOption(.maxMessagesPerRead, value: 2)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(connection.value)
        }
      }
      .connect(to: address).assumeIsolated().whenComplete { result in
        switch result {
        case .success: promise.assumeIsolated().succeed(connection.value)
        case .failure(let error): promise.fail(error)
        }
      }
    return promise.futureResult
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  // MARK: The request

  func begin(_ exchange: Exchange) {
    self.exchange = exchange
    (phase, hasAnswered, isRequestOver, isKept) = (.head, false, false, true)
    guard let context, context.channel.isActive else { return fail() }
    context.write(wrapOutboundOut(exchange.forwarded), promise: nil)
    clientBecameWritable()
  }

  func send(_ data: ByteBuffer) { context?.write(wrapOutboundOut(data), promise: nil) }
  func flush() { context?.flush() }
  func requestIsOver() { isRequestOver = true }
  var isWritable: Bool { context?.channel.isWritable ?? true }

  // MARK: The response

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .tunnel = phase { return context.fireChannelRead(data) }
    var bytes = unwrapInboundIn(data)
    if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
    do { try advance() } catch {
      fail(error as? MessageFault ?? .bad("it is no HTTP"))
    }
  }

  private func advance() throws {
    while let exchange {
      switch phase {
      case .idle: return
      case .tunnel: return handOver()
      case .head:
        hasAnswered = hasAnswered || received.readableBytes > 0
        guard let bytes = try scanner.take(&received) else { return }
        try take(ResponseHead(bytes, to: exchange.request.method), exchange)
      case .body(var reader):
        let piece = try reader.next(&received)
        phase = .body(reader)
        switch piece {
        case nil: return
        case .data(let data): exchange.receive(data)
        case .end(let trailers): end(exchange, trailers)
        }
      }
    }
    // What nobody asked for.
    if received.readableBytes > 0 { close() }
  }

  private func take(_ head: ResponseHead, _ exchange: Exchange) throws {
    if head.status == 101 {
      guard exchange.request.asksForUpgrade else { throw MessageFault.bad("it changes the protocol unasked") }
      phase = .tunnel
      self.exchange = exchange
      return exchange.becomeTunnel(head, self)
    }
    if !head.isInterim {
      isKept = head.isKeptAlive
      phase = .body(BodyReader(head.framing))
    }
    exchange.receive(head)
  }

  private func end(_ exchange: Exchange, _ trailers: ByteBuffer?) {
    self.exchange = nil
    phase = .idle
    idleSince = .now()
    let isReusable =
      isKept && isRequestOver && received.readableBytes == 0 && context?.channel.isActive == true
    let entry = entry
    // First back to where the next one looks for it.
    if isReusable { entry.keep(self) }
    exchange.receiveEnd(trailers)
    if !isReusable { close() }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    exchange?.flush()
    context.fireChannelReadComplete()
  }

  // MARK: Back-pressure

  func read(context: ChannelHandlerContext) {
    if case .tunnel = phase { return context.read() }
    guard exchange?.clientIsWritable ?? true else { return isReadDue = true }
    context.read()
  }

  func clientBecameWritable() {
    guard isReadDue, exchange?.clientIsWritable ?? true else { return }
    isReadDue = false
    context?.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { exchange?.upstreamBecameWritable() }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Another protocol

  /// Hands the connection to a relay behind this handler.
  func becomeTunnel(_ relay: some ChannelHandler) throws {
    phase = .tunnel
    try context?.pipeline.syncOperations.addHandler(relay)
  }

  /// What came behind the head is the other protocol's already.
  private func handOver() {
    let rest = received
    received = ByteBuffer()
    exchange = nil
    if rest.readableBytes > 0 { context?.fireChannelRead(wrapInboundOut(rest)) }
    context?.fireChannelReadComplete()
    isReadDue = false
    context?.read()
  }

  // MARK: The end

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .tunnel = phase { return context.fireUserInboundEventTriggered(event) }
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { ended() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .tunnel = phase { return context.fireChannelInactive() }
    ended()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if case .tunnel = phase { return context.fireErrorCaught(error) }
    fail()
  }

  private func ended() {
    if let exchange, case .body(let reader) = phase, reader.endsWithConnection { return end(exchange, nil) }
    fail()
  }

  /// It broke off.
  private func fail() {
    entry.forget(self)
    let (failed, phase) = (exchange, phase)
    exchange = nil
    self.phase = .idle
    close()
    switch phase {
    case .idle, .tunnel: break
    case .head where hasAnswered: failed?.failed(502, "broke its answer off")
    case .head: failed?.failedUnanswered()
    case .body: failed?.breakOff()
    }
  }

  /// It answers with what is no answer.
  private func fail(_ fault: MessageFault) {
    entry.forget(self)
    let (failed, phase) = (exchange, phase)
    exchange = nil
    self.phase = .idle
    close()
    if case .body = phase {
      failed?.breakOff()
    } else {
      failed?.failed(502, "gave a wrong answer: \(fault.reason)")
    }
  }

  /// Nobody waits for the answer any more.
  func abandon() {
    exchange = nil
    phase = .idle
    context?.abort()
  }

  var end: EventLoopFuture<Void> {
    guard let context else { return entry.loop.makeSucceededVoidFuture() }
    return context.channel.closeFuture
  }

  func close() { context?.close(promise: nil) }
}
