import DrydockBase
import Essentials
import NIOCore
import NIOPosix
import NativeProcess

/// Forwards TCP connections from a port of 127.0.0.1 to a destination.
package struct TCPProxy: Sendable {
  /// What happens in a proxy.
  package enum Event: Sendable, Hashable {
    /// It listens at this port.
    case listening(Int)
    /// A client has connected to this port.
    case connected(Int)
    /// So many clients are connected, the most at a time: further ones wait. Told once until some have ended.
    case full(Int)
    /// A client's connection could not be forwarded, and why.
    case failed(String)
    /// It takes no more clients and waits for this many to end.
    case closing(Int)
  }

  private let destination: ForwardingDestination
  private let port: Int
  private let limit: Int
  private let grace: Duration

  /// A proxy, not yet listening.
  /// - Parameters:
  ///   - port: Where to listen; 0 for any free port.
  ///   - limit: How many connections are open at once; nil for what the process may have, 500 at most. Further
  ///     clients wait.
  ///   - grace: How long connections may last once the task is cancelled.
  package init(
    to destination: ForwardingDestination, port: Int, limit: Int? = nil, grace: Duration = .seconds(5)
  ) {
    self.destination = destination
    self.port = port
    self.limit = limit ?? Self.usualLimit
    self.grace = grace
  }

  /// Two descriptors a connection, and some for all else.
  private static var usualLimit: Int {
    max(10, min(500, (DescriptorLimit.current - 100) / 2))
  }

  /// Forwards until the task is cancelled; then it lets the connections end, for as long as the grace lasts.
  /// - Parameter events: Called on the event loop; it must not block.
  /// - Throws: `DrydockError` where the port cannot be had, `CancellationError` at the end.
  package func run(_ events: @escaping @Sendable (Event) -> Void) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let listener = try await loop.submit { [destination, limit] in
      NIOLoopBound(ProxyListener(destination, limit: limit, events: events), eventLoop: loop)
    }.get()
    let server = try await bind(listener, on: loop)
    events(.listening(server.localAddress?.port ?? port))
    try await withTaskCancellationHandler {
      try await server.closeFuture.get()
    } onCancel: {
      server.close(promise: nil)
    }
    let grace = TimeAmount(self.grace)
    try await loop.flatSubmit { listener.value.drain(within: grace, on: loop) }.get()
    try Task.checkCancellation()
  }

  private func bind(_ listener: NIOLoopBound<ProxyListener>, on loop: any EventLoop) async throws
    -> any Channel
  {
    do {
      return try await ServerBootstrap(group: loop)
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
        .childChannelOption(.autoRead, value: false)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelOption(.writeBufferWaterMark, value: .forwarding)
        .childChannelOption(.maxMessagesPerRead, value: 2)
        .childChannelInitializer { client in
          client.eventLoop.makeCompletedFuture { try listener.value.accept(client) }
        }
        .bind(host: "127.0.0.1", port: port).get()
    } catch let error as IOError {
      throw unavailable(error)
    }
  }

  private func unavailable(_ error: IOError) -> DrydockError {
    let other = "choose another port: -p PORT"
    switch error.errnoCode {
    case EADDRINUSE:
      let isItself = destination.port == port && destination.isOnThisMachine
      let owner = PortOwner.of(port: port).map(\.description) ?? "another process"
      let holder = isItself ? "the resource itself" : owner
      return DrydockError(.failed, "port \(port) of 127.0.0.1 is taken by \(holder)", suggestion: other)
    case EACCES:
      return DrydockError(
        .failed, "port \(port) is kept for privileged users", suggestion: "choose one from 1024 on: -p PORT")
    default:
      return DrydockError(
        .failed, "cannot listen at 127.0.0.1:\(port): \(String(cString: strerror(error.errnoCode)))",
        suggestion: other)
    }
  }
}
