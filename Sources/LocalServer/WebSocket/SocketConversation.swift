import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Carries a websocket's conversation on, from the upgrade to the close.
struct SocketConversation: Sendable {
  let router: Router
  let limits: Limits
  let connections: ConnectionRegistry
  let log: RequestLog

  /// Serves the websocket until it ends.
  @concurrent
  func serve(_ channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, _ head: HTTPRequestHead) async throws
  {
    let begin = ContinuousClock.now
    log.note(head, "101", .zero)
    defer { log.note(head, "closed", begin.duration(to: .now)) }
    try await channel.executeThenClose { inbound, outbound in
      let socket = WebSocketStream(inbound, outbound, channel.channel, limits: limits) {
        log.note(head, $0.message)
      }
      connections.mark(channel.channel) { socket.close(.goingAway) }
      try await conversation(head)(socket)
    }
  }

  /// How the conversation goes: as its route has it, or with a refusal.
  private func conversation(_ head: HTTPRequestHead) async -> Route.Conversing {
    do {
      let (route, request) = try router.match(Request(head, limits: limits))
      guard case .socket(let handler) = route.action else {
        throw HTTPFailure(.notFound, "no websocket is here")
      }
      return try await handler(request)
    } catch {
      let failure = HTTPFailure(error)
      return { try await $0.refuse(failure) }
    }
  }
}
