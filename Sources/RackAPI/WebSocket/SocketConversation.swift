import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Carries a websocket's conversation on, from the upgrade to the close.
struct SocketConversation: Sendable {
  let router: Router
  let limits: Limits
  let log: RequestLog

  /// Serves the websocket until it ends.
  @concurrent
  func serve(_ channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, _ head: HTTPRequestHead) async throws
  {
    let begin = ContinuousClock.now
    log.note(head, "101", .zero)
    defer { log.note(head, "closed", begin.duration(to: .now)) }
    try await channel.executeThenClose { inbound, outbound in
      let socket = WebSocketStream(inbound, outbound, channel.channel, limits: limits)
      do {
        let (route, request) = try router.match(Request(head, limits: limits))
        guard case .socket(let handler) = route.action else { return }
        try await handler(request, socket)
      } catch is WebSocketViolation {
        socket.close(.protocolError)
        try? await channel.channel.closeFuture.get()
      }
    }
  }
}
