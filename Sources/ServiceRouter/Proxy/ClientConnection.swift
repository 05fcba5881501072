import NIOCore
import PortForwarding

/// A client's connection, on which one request comes after the other.
///
/// It reads only while what it read can go on, so that a slow server slows the client down. A client that ends its side
/// has gone, as for AWS's balancer.
final class ClientConnection: ChannelDuplexHandler, RouterClient {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    case head
    case body(BodyReader)
    /// The request is over, and its answer is not.
    case answering
    /// All is said; what still comes is not looked at.
    case closing
    case tunnel
  }

  private let core: RouterCore
  private let address: String
  /// Whether it came by TLS.
  private let isSecure: Bool
  private var context: ChannelHandlerContext?
  private var phase = Phase.head
  private var scanner = HeadScanner()
  private var received = ByteBuffer()
  private var exchange: Exchange?
  private var reply = ReplyForm()
  private var hasReplied = false
  private var headBegan: NIODeadline?
  private var lingerBegan: NIODeadline?
  private var isAdvancing = false
  private var wantsToAdvance = false
  private var isReadDue = false
  private var isGone = false
  private(set) var lastActivity = NIODeadline.now()

  init(_ channel: any Channel, core: RouterCore, isSecure: Bool) {
    self.core = core
    self.isSecure = isSecure
    address = channel.remoteAddress?.ipAddress ?? "127.0.0.1"
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastActivity = .now()
    switch phase {
    case .tunnel: context.fireChannelRead(data)
    case .closing: break
    default:
      var bytes = unwrapInboundIn(data)
      if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
      advance()
    }
  }

  private func advance() {
    // From within, as when an answer is given at once: then the loop below goes on.
    wantsToAdvance = true
    guard !isAdvancing else { return }
    isAdvancing = true
    defer { isAdvancing = false }
    while wantsToAdvance {
      wantsToAdvance = false
      do { while try step() {} } catch { refuse(error) }
      // It may end the exchange, if the server has gone.
      exchange?.upstream?.flush()
    }
    readIfDue()
  }

  private func step() throws(MessageFault) -> Bool {
    // A write may have found the connection broken: what is still here of it is nobody's any more.
    guard !isGone else { return false }
    switch phase {
    case .head:
      // Else somebody who asks and never reads would fill the memory with answers.
      guard isWritable else { return false }
      guard let bytes = try scanner.take(&received) else {
        if received.readableBytes > 0, headBegan == nil { headBegan = lastActivity }
        return false
      }
      headBegan = nil
      begin(try RequestHead(bytes))
      return true
    case .body(var reader):
      guard let exchange, let upstream = exchange.upstream else { return false }
      let piece = try reader.next(&received)
      if case .body = phase { phase = .body(reader) }
      switch piece {
      case nil: return false
      case .data(let data):
        send(data, to: upstream, exchange.request)
        return true
      case .end(let trailers):
        endBody(trailers, to: upstream, exchange.request)
        return true
      }
    case .answering, .closing, .tunnel: return false
    }
  }

  private func begin(_ request: RequestHead) {
    let closes = !request.isKeptAlive || core.isClosing
    reply = ReplyForm(closes: closes, saysKeepAlive: request.isHTTP10 && !closes)
    hasReplied = false
    phase = .body(BodyReader(request.framing))
    if !isSecure, let port = core.ports.secure {
      return answer(Answer(movedTo: port, request), to: request)
    }
    let exchange = Exchange(request, client: self, core: core)
    self.exchange = exchange
    exchange.goOn()
  }

  var forwardedBy: ForwardedBy {
    let port = isSecure ? core.ports.secure ?? core.ports.plain : core.ports.plain
    return ForwardedBy(client: address, port: port, scheme: isSecure ? "https" : "http")
  }

  func upstreamIsReady() {
    // It may be another attempt with a request that was read to its end.
    if case .answering = phase { exchange?.upstream?.requestIsOver() }
    advance()
  }

  private func send(_ data: ByteBuffer, to upstream: UpstreamConnection, _ request: RequestHead) {
    guard request.framing == .chunked else { return upstream.send(data) }
    Chunk.encode(data) { upstream.send($0) }
  }

  private func endBody(_ trailers: ByteBuffer?, to upstream: UpstreamConnection, _ request: RequestHead) {
    if request.framing == .chunked { upstream.send(Chunk.end(trailers)) }
    upstream.requestIsOver()
    phase = .answering
  }

  // MARK: Responses

  func receive(_ head: ResponseHead, _ exchange: Exchange) {
    lastActivity = .now()
    let request = exchange.request
    if head.isInterim {
      if !request.isHTTP10 { write(head.forwarded(ReplyForm())) }
      return
    }
    // Whoever is answered before he has sent all may send the rest or not: nothing can follow it.
    if case .answering = phase {} else { reply.closes = true }
    if head.framing == .chunked || head.framing == .untilClose {
      reply.isChunked = !request.isHTTP10
      if request.isHTTP10 { reply.closes = true }
    }
    if reply.closes { reply.saysKeepAlive = false }
    reply.cookie = exchange.cookie
    hasReplied = true
    write(head.forwarded(reply))
  }

  func receive(_ data: ByteBuffer) {
    lastActivity = .now()
    guard reply.isChunked else { return write(data) }
    Chunk.encode(data) { write($0) }
  }

  func receiveEnd(_ trailers: ByteBuffer?) {
    if reply.isChunked { write(Chunk.end(trailers)) }
    finish()
  }

  /// The answer is given: on to the next request.
  private func finish() {
    exchange = nil
    context?.flush()
    lastActivity = .now()
    guard !reply.closes, !core.isClosing else { return linger() }
    phase = .head
    advance()
  }

  /// Answers a request that was understood.
  func answer(_ answer: Answer, to request: RequestHead) {
    exchange = nil
    guard !hasReplied else { return abort() }
    if case .answering = phase {} else if !request.hasNoBody { reply.closes = true }
    if reply.closes { reply.saysKeepAlive = false }
    write(answer.encoded(withBody: request.method != .head, form: reply))
    finish()
  }

  /// Answers what was not understood; nothing that follows would be.
  private func refuse(_ fault: MessageFault) {
    let isAnswerable = !hasReplied || exchange == nil
    exchange?.cancel()
    exchange = nil
    guard isAnswerable else { return abort() }
    write(Answer(fault).encoded(withBody: true, form: ReplyForm(closes: true)))
    context?.flush()
    linger()
  }

  /// Ends this side; the client's end is waited for, as closing at once would take the answer away from a client that
  /// still sends.
  private func linger() {
    phase = .closing
    received = ByteBuffer()
    context?.close(mode: .output).assumeIsolated().whenComplete { [self] _ in lingerBegan = .now() }
    readIfDue()
  }

  private func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }
  func flush() { context?.flush() }

  // MARK: Back-pressure

  var isWritable: Bool { context?.channel.isWritable ?? true }

  private var isReadWanted: Bool {
    switch phase {
    case .head: isWritable
    case .closing, .tunnel: true
    case .body: exchange?.upstream?.isWritable ?? false
    case .answering: received.readableBytes == 0
    }
  }

  func read(context: ChannelHandlerContext) {
    guard isReadWanted else { return isReadDue = true }
    context.read()
  }

  func readIfDue() {
    guard isReadDue, isReadWanted else { return }
    isReadDue = false
    context?.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      exchange?.upstream?.clientBecameWritable()
      if case .head = phase { advance() }
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Another protocol

  func becomeTunnel(_ head: ResponseHead, _ upstream: UpstreamConnection) {
    guard let context, let exchange else { return upstream.abandon() }
    // In flight until both ends have gone.
    self.exchange = nil
    context.channel.closeFuture.and(upstream.end).assumeIsolated().whenComplete { _ in exchange.finish() }
    let rest = received
    received = ByteBuffer()
    phase = .tunnel
    write(head.forwarded(ReplyForm()))
    flush()
    guard !isGone else { return upstream.abandon() }
    let (near, far) = (Relay(), Relay())
    do {
      try context.pipeline.syncOperations.addHandler(near)
      try upstream.becomeTunnel(far)
    } catch {
      upstream.abandon()
      return abort()
    }
    Relay.join(near, far)
    if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
    context.fireChannelReadComplete()
    isReadDue = false
    context.read()
  }

  // MARK: The end

  /// Whether it waits for a request.
  var isIdle: Bool { if case .head = phase { received.readableBytes == 0 } else { false } }

  var end: EventLoopFuture<Void> { context?.channel.closeFuture ?? core.loop.makeSucceededVoidFuture() }

  func leave() { context?.close(promise: nil) }

  func abort() { context?.abort() }

  /// Ends what takes too long.
  func check(_ now: NIODeadline) {
    let silence = now - lastActivity
    switch phase {
    case .head:
      if let headBegan, now - headBegan > TimeAmount(core.options.headTimeout) {
        refuse(MessageFault(408, "the head of the request did not come in time"))
      } else if isIdle, silence > TimeAmount(core.options.keepAlive) {
        leave()
      }
    case .body, .answering:
      guard silence > TimeAmount(core.options.idleTimeout), let late = exchange else { break }
      late.upstream?.abandon()
      late.failed(504, "did not answer in time")
    case .closing:
      if let lingerBegan, now - lingerBegan > .seconds(2) { leave() }
      if silence > TimeAmount(core.options.idleTimeout) { leave() }
    case .tunnel: break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .tunnel = phase { return context.fireUserInboundEventTriggered(event) }
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { leave() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if case .tunnel = phase { return context.fireErrorCaught(error) }
    leave()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isGone = true
    exchange?.cancel()
    exchange = nil
    core.exit(self)
    context.fireChannelInactive()
  }
}
