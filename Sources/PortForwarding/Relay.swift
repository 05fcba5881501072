import Essentials
package import NIOCore

/// One end of a forwarded connection: hands what it reads to its partner, the other end, on the same event loop.
///
/// It reads only while the partner can write, so that a slow reader slows the sender down and little is held in
/// between. The end of what one side sends is passed on once everything before it is written: NIO would drop the
/// rest where the other direction has ended already.
package final class Relay: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  private var context: ChannelHandlerContext?
  private var partner: Relay?
  /// What came before there was a partner.
  private var early: [ByteBuffer] = []
  private var isReadDue = false
  private var isInputEnded = false
  private var isOutputEnding = false
  private var isOutputEnded = false
  private var writesInFlight = 0

  /// An end without a partner yet.
  package init() {}

  package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  package func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    partner = nil
  }

  /// Joins two ends; what each got before goes to the other.
  package static func join(_ one: Relay, _ other: Relay) {
    guard one.context != nil, other.context != nil else {
      one.abort()
      return other.abort()
    }
    (one.partner, other.partner) = (other, one)
    one.handOver()
    other.handOver()
  }

  private func handOver() {
    early.forEach { partner?.send($0) }
    early = []
    partner?.context?.flush()
    if isInputEnded { partner?.endOutput() }
  }

  // MARK: What this end reads

  package func read(context: ChannelHandlerContext) {
    guard partner?.canWrite ?? true else { return isReadDue = true }
    context.read()
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard let partner else { return early.append(bytes) }
    partner.send(bytes)
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    partner?.context?.flush()
    context.fireChannelReadComplete()
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent, !isInputEnded {
      isInputEnded = true
      partner?.endOutput()
      closeIfDone()
    }
    context.fireUserInboundEventTriggered(event)
  }

  package func channelInactive(context: ChannelHandlerContext) {
    // Once its output has ended, NIO tells of the input's end by closing. Before, it is an end that broke off, which
    // must be no orderly one for the other side either.
    if isOutputEnded { partner?.endOutput() } else { partner?.abort() }
    context.fireChannelInactive()
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    partner?.abort()
    abort()
  }

  // MARK: What this end writes

  private var canWrite: Bool { context?.channel.isWritable ?? true }

  package func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { partner?.resumeReading() }
    context.fireChannelWritabilityChanged()
  }

  private func resumeReading() {
    guard isReadDue else { return }
    isReadDue = false
    context?.read()
  }

  private func send(_ bytes: ByteBuffer) {
    guard let context, !isOutputEnding else { return }
    writesInFlight += 1
    context.write(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { [self] result in
      writesInFlight -= 1
      if case .failure = result { partner?.abort() }
      if isOutputEnding { endOutputWhenWritten() }
    }
  }

  private func endOutput() {
    guard !isOutputEnding else { return }
    isOutputEnding = true
    context?.flush()
    endOutputWhenWritten()
  }

  private func endOutputWhenWritten() {
    guard let context, writesInFlight == 0, !isOutputEnded else { return }
    isOutputEnded = true
    context.close(mode: .output).assumeIsolated().whenComplete { [self] _ in closeIfDone() }
  }

  private func closeIfDone() {
    if isInputEnded, isOutputEnded { context?.close(promise: nil) }
  }

  /// Ends the connection the hard way, so that nobody takes it for complete.
  package func abort() {
    guard let context else { return }
    _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    context.close(promise: nil)
  }
}
