import NIOCore
import NIOHTTP1
import NIOWebSocket

/// What a connection became by its first request.
enum Conversation: Sendable {
  case http(NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>)
  case socket(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, HTTPRequestHead)
}

/// Sets a connection up: HTTP first, websocket frames after an upgrade.
///
/// Why SwiftNIO's own HTTP and websocket handlers, and not FlyingFox, which was tried against the tool's framing: a
/// frame has to be passed on as bytes here, since the tool sends binary data in TEXT frames. FlyingFox's messages refuse
/// such frames (it closes with 1002); its layer of raw frames takes them, but answers through a stream that grows without
/// bound while a client does not read, waits for frames of any announced length, and has no limits for heads and slow
/// clients. NIO is in the build already for the Docker client, hands frames over as they are, and
/// bounds each of these.
struct Pipeline: Sendable {
  let limits: Limits
  let connections: ConnectionRegistry
  let log: RequestLog
  /// Whether a head may become a websocket.
  let isSocket: @Sendable (HTTPRequestHead) -> Bool
  /// Whether a head shows the password, at a port of the server's.
  let isKnown: @Sendable (HTTPRequestHead, Int) -> Bool

  /// Configures a connection that was accepted.
  func configure(_ channel: any Channel) -> EventLoopFuture<EventLoopFuture<Conversation>> {
    channel.eventLoop.makeCompletedFuture {
      guard connections.admit(channel) else {
        channel.close(promise: nil)
        throw ChannelError.eof
      }
      channel.closeFuture.whenComplete { [connections] _ in connections.remove(channel) }
      let timeout = FirstRequestTimeout(limit: limits.head)
      try channel.pipeline.syncOperations.addHandler(timeout, name: Self.timeoutName)
      let conversation = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
        configuration: configuration)
      let upgrade = try channel.pipeline.syncOperations.handler(
        type: NIOTypedHTTPServerUpgradeHandler<Conversation>.self)
      try channel.pipeline.syncOperations.addHandler(
        RequestGuard(log: log) { [connections] head in
          // At once, not when the conversation comes to it: until then others push it out.
          guard isKnown(head, channel.ownPort), connections.recognise(channel) else { return false }
          return isSocket(head)
        }, position: .before(upgrade))
      return conversation
    }
  }

  private static let timeoutName = "first request"

  private var configuration: NIOUpgradableHTTPServerPipelineConfiguration<Conversation> {
    var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
      upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
        upgraders: [upgrader], notUpgradingCompletionHandler: serveHTTP))
    // The guard does that.
    configuration.enableErrorHandling = false
    configuration.decoderConfiguration.maxHeaderFieldSize = limits.header
    configuration.decoderConfiguration.maxHeaderListSize = limits.header
    configuration.decoderConfiguration.maxHeaderFieldCount = limits.headerCount
    return configuration
  }

  private var upgrader: NIOTypedWebSocketServerUpgrader<Conversation> {
    NIOTypedWebSocketServerUpgrader(
      maxFrameSize: limits.frame,
      // The conversation answers for its client's mistakes, so that one place closes.
      enableAutomaticErrorHandling: false,
      // Only what passed the guard comes here.
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
      upgradePipelineHandler: { channel, head in
        channel.eventLoop.makeCompletedFuture {
          channel.pipeline.syncOperations.removeHandler(name: Self.timeoutName, promise: nil)
          return .socket(try NIOAsyncChannel(wrappingChannelSynchronously: channel), head)
        }
      })
  }

  @Sendable private func serveHTTP(_ channel: any Channel) -> EventLoopFuture<Conversation> {
    channel.eventLoop.makeCompletedFuture {
      channel.pipeline.syncOperations.removeHandler(name: Self.timeoutName, promise: nil)
      try channel.pipeline.syncOperations.addHandler(SlowClients(limits: limits))
      return .http(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
    }
  }
}
