import LocalServer
import NIOCore
import NIOHTTP1
import NIOPosix
import PortForwarding
import Synchronization

/// Joins a websocket and a TCP connection to a resource, byte for byte, each way as fast as the slower side goes.
struct ProxyConversation: Sendable {
  let destination: ForwardingDestination

  /// Runs until either side has ended. Where the resource's own server does not listen, the client is told.
  @concurrent
  func run(_ socket: WebSocketStream) async throws {
    let link = ProxyLink()
    try await socket.converse { input in
      // Kept back until the connection is there: whoever speaks first waits for the other.
      let server = try await link.server
      switch input {
      case .bytes(let bytes): try await server.writeAndFlush(bytes)
      // The other direction goes on: a server may still have to say something.
      case .end: server.close(mode: .output, promise: nil)
      }
    } output: {
      defer { link.finish() }
      let proof = try await reaching { try await ServerProof(destination) }
      let ended = socket.eventLoop.makePromise(of: Void.self)
      let server: any Channel
      do { server = try await reaching { try await connect(socket, ended) } } catch {
        ended.succeed()
        throw error
      }
      defer { server.close(promise: nil) }
      try await withTaskCancellationHandler {
        // Whoever took the port meanwhile gets nothing of the client's.
        try await reaching { try await proof.confirm() }
        link.connect(server)
        try await server.setOption(.autoRead, value: true).get()
        try await ended.futureResult.get()
      } onCancel: {
        server.close(promise: nil)
      }
    }
  }

  private func reaching<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch {
      throw HTTPFailure(.badGateway, destination.failure(error))
    }
  }

  /// The connection, of which nothing is read yet.
  private func connect(_ socket: WebSocketStream, _ ended: EventLoopPromise<Void>) async throws
    -> any Channel
  {
    try await ClientBootstrap(group: socket.eventLoop)
      .connectTimeout(.seconds(5))
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.maxMessagesPerRead, value: 2)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(socket.relay(ended))
        }
      }
      .connect(host: destination.host, port: destination.port).get()
  }
}

/// Hands the connection from the task that makes it to the one that reads the websocket.
private final class ProxyLink: Sendable {
  private let connections: AsyncStream<any Channel>
  private let continuation: AsyncStream<any Channel>.Continuation
  private let current = Mutex<(any Channel)?>(nil)

  init() {
    (connections, continuation) = AsyncStream.makeStream(of: (any Channel).self)
  }

  func connect(_ server: any Channel) { continuation.yield(server) }

  func finish() { continuation.finish() }

  /// The connection, once it is there.
  var server: any Channel {
    get async throws {
      if let server = current.withLock({ $0 }) { return server }
      for await server in connections {
        current.withLock { $0 = server }
        return server
      }
      throw HTTPFailure(.badGateway, "there is no connection")
    }
  }
}
