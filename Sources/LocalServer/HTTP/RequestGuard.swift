import NIOCore
import NIOHTTP1

/// Stands between the HTTP parser and all else: it decides whether the first request may become a websocket, and
/// answers what is no HTTP with a 400.
///
/// NIO's own upgrade handler loses the head of a request whose upgrade it refuses, and with it the answer; so the wish
/// for an upgrade is taken out of such a head. NIO's own handler of parser errors writes a second response where the
/// first is not over, or was given before the request's end.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let log: RequestLog
  private let isSocket: (HTTPRequestHead) -> Bool
  private var isFirst = true
  private var isRequestOpen = false
  private var isResponseOpen = false
  private var isAnsweredEarly = false
  private var isBroken = false

  /// - Parameter isSocket: Whether the first head may become a websocket, if it asks for that.
  init(log: RequestLog, isSocket: @escaping (HTTPRequestHead) -> Bool) {
    self.log = log
    self.isSocket = isSocket
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head(let head):
      (isRequestOpen, isAnsweredEarly) = (true, false)
      if isFirst { return takeFirst(head, context) }
    case .body: break
    case .end: isRequestOpen = false
    }
    context.fireChannelRead(data)
  }

  private func takeFirst(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    isFirst = false
    let becomesSocket = isSocket(head) && head.asksForWebSocket
    var head = head
    if !becomesSocket { head.headers.remove(name: "Upgrade") }
    context.fireChannelRead(Self.wrapInboundOut(.head(head)))
    // Frames are no requests.
    if becomesSocket { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !isBroken else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch Self.unwrapOutboundIn(data) {
    case .head(let head) where head.status.code < 200: break
    case .head: isResponseOpen = true
    case .body: break
    case .end:
      isResponseOpen = false
      isAnsweredEarly = isRequestOpen
    }
    context.write(data, promise: promise)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is HTTPParserError, !isBroken {
      isBroken = true
      log.note("what came on a connection is no HTTP: \(error)")
      if !isResponseOpen, !isAnsweredEarly {
        let headers: HTTPHeaders = ["Connection": "close", "Content-Length": "0"]
        let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
      }
      // Written before this, so that it is on its way.
      context.close(promise: nil)
    }
    context.fireErrorCaught(error)
  }
}

extension HTTPRequestHead {
  /// Whether it opens a websocket by RFC 6455, section 4.2.1.
  fileprivate var asksForWebSocket: Bool {
    method == .GET && hasNoBody && headers["Upgrade"].map { $0.lowercased() } == ["websocket"]
      && headers["Sec-WebSocket-Key"].count == 1 && headers["Sec-WebSocket-Version"] == ["13"]
  }
}
