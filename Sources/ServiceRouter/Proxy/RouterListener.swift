import NIOCore
import NIOPosix
import PortForwarding
import TransportSecurity

/// Takes clients in, while there is room.
final class RouterListener: ChannelDuplexHandler {
  typealias InboundIn = Channel
  typealias OutboundIn = Never

  private let core: RouterCore
  /// What speaks TLS with the clients; nil for clients that do not.
  private let tls: TLSServer?
  private var context: ChannelHandlerContext?
  private var isReadDue = false

  init(_ core: RouterCore, _ tls: TLSServer?) {
    self.core = core
    self.tls = tls
    core.whenLeft.append { [weak self] in self?.readIfDue() }
  }

  static func bootstrap(
    _ listener: NIOLoopBound<RouterListener>, _ mode: RouterOptions.Mode, on loop: any EventLoop
  ) -> ServerBootstrap {
    ServerBootstrap(group: loop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // As long as the system permits: those who wait for room are not to be turned away.
      .serverChannelOption(.backlog, value: 4096)
      // One by one, so that the limit is exact.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(listener.value)
        }
      }
      // A relay reads once it has a partner.
      .childChannelOption(.autoRead, value: mode == .http)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: .routing)
      .childChannelOption(.maxMessagesPerRead, value: 2)
      .childChannelInitializer { client in
        client.eventLoop.makeCompletedFuture { try listener.value.accept(client) }
      }
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  /// More than the limit wait in the kernel's queue until another has gone.
  func read(context: ChannelHandlerContext) {
    guard core.hasRoom else { return isReadDue = true }
    context.read()
  }

  private func readIfDue() {
    guard isReadDue, core.hasRoom else { return }
    isReadDue = false
    context?.read()
  }

  private func accept(_ channel: any Channel) throws {
    switch core.options.mode {
    case .http:
      if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(try tls.accept())) }
      let client = ClientConnection(channel, core: core, isSecure: tls != nil)
      try channel.pipeline.syncOperations.addHandler(client)
      core.enter(client)
    case .tcp:
      let client = try TCPConnection(channel, core: core)
      core.enter(client)
      client.goOn()
    }
  }
}
