import Logging
import NIOCore
import NIOHTTP1

/// Closes a connection whose first request does not come in time.
///
/// It counts bytes of no kind: somebody who sends one each second is as slow as one who sends none.
final class FirstRequestTimeout: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let limit: TimeAmount
  private var timer: Scheduled<Void>?

  init(limit: TimeAmount) {
    self.limit = limit
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: limit) { [limit] in
      logger.debug("no request came in time", metadata: ["limit": "\(limit)"])
      channel.close(promise: nil)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }
}

/// Closes a connection on which a client is too slow: with a later head, in the middle of a body, or between requests.
///
/// Time counts only while bytes are asked for: where the server itself lets a client wait, that is not its fault.
final class SlowClients: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Phase { case between, body, answering }

  private let limits: Limits
  private var phase = Phase.between
  private var isReading = false
  private var timer: Scheduled<Void>?

  init(limits: Limits) {
    self.limits = limits
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head, .body: phase = .body
    case .end: phase = .answering
    }
    isReading = false
    arm(context)
    context.fireChannelRead(data)
  }

  func read(context: ChannelHandlerContext) {
    if !isReading {
      isReading = true
      arm(context)
    }
    context.read()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = Self.unwrapOutboundIn(data), phase == .answering {
      phase = .between
      arm(context)
    }
    context.write(data, promise: promise)
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  private func arm(_ context: ChannelHandlerContext) {
    timer?.cancel()
    let limit: TimeAmount? =
      switch phase {
      case .between: limits.idle
      case .body: isReading ? limits.body : nil
      case .answering: nil
      }
    let channel = context.channel
    timer = limit.map { limit in
      context.eventLoop.scheduleTask(in: limit) { [phase] in
        logger.debug("a client was too slow", metadata: ["phase": "\(phase)", "limit": "\(limit)"])
        channel.close(promise: nil)
      }
    }
  }
}
