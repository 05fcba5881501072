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
      let server = try await link.outbound
      switch input {
      case .bytes(let bytes): try await server.write(bytes)
      // The other direction goes on: a server may still have to say something.
      case .end: server.finish()
      }
    } output: {
      defer { link.finish() }
      let proof = try await reaching { try await ServerProof(destination) }
      let connection = try await reaching { try await connect() }
      try await connection.executeThenClose { inbound, outbound in
        // Whoever took the port meanwhile gets nothing of the client's.
        try await reaching { try await proof.confirm() }
        link.connect(outbound)
        for try await bytes in inbound { try await socket.write(bytes) }
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

  private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connectTimeout(.seconds(5))
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: destination.host, port: destination.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
  }
}

/// Hands the connection's writing end from the task that makes the connection to the one that reads the websocket.
private final class ProxyLink: Sendable {
  typealias Outbound = NIOAsyncChannelOutboundWriter<ByteBuffer>

  private let connections: AsyncStream<Outbound>
  private let continuation: AsyncStream<Outbound>.Continuation
  private let current = Mutex<Outbound?>(nil)

  init() {
    (connections, continuation) = AsyncStream.makeStream(of: Outbound.self)
  }

  func connect(_ outbound: Outbound) { continuation.yield(outbound) }

  func finish() { continuation.finish() }

  /// The writing end, once it is there.
  var outbound: Outbound {
    get async throws {
      if let outbound = current.withLock({ $0 }) { return outbound }
      for await outbound in connections {
        current.withLock { $0 = outbound }
        return outbound
      }
      throw HTTPFailure(.badGateway, "there is no connection")
    }
  }
}
