import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Joins a websocket and a TCP connection to a resource, byte for byte, each way as fast as the slower side goes.
struct ProxyConversation: Sendable {
  let port: Int

  /// Runs until either side has ended. Where nobody listens at the port, the client is told.
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
      let connection = try await connect()
      try await connection.executeThenClose { inbound, outbound in
        link.connect(outbound)
        for try await bytes in inbound { try await socket.write(bytes) }
      }
    }
  }

  private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    do {
      return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connectTimeout(.seconds(5))
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "127.0.0.1", port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel(
              wrappingChannelSynchronously: channel,
              configuration: .init(isOutboundHalfClosureEnabled: true))
          }
        }
    } catch {
      throw HTTPFailure(.badGateway, "nothing listens at 127.0.0.1:\(port): is the resource stopped?")
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
