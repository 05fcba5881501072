import Foundation
package import MonotonicTime
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on a Unix socket in a directory of its own, which records the requests it gets and answers
/// them as a test says.
package final class StubDockerServer: Sendable {
  /// Chooses the answer to a request.
  package typealias Handler = @Sendable (StubRequest) -> StubResponse

  /// The path of the server's socket.
  package let socketPath: String

  private let state = Mutex(State())

  private struct State {
    var requests: [StubRequest] = []
    var connections: [ObjectIdentifier: any Channel] = [:]
    var accepted = 0
  }

  private init(socketPath: String) {
    self.socketPath = socketPath
  }

  /// Runs a server while `body` runs; afterwards its connections, its socket and its directory are gone.
  package static func run<Value>(
    _ handler: @escaping Handler, body: (StubDockerServer) async throws -> Value
  ) async throws -> Value {
    // Short, since a socket's address holds little more than a hundred bytes.
    let directory = "/tmp/dk-" + UUID().uuidString.prefix(12)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let server = StubDockerServer(socketPath: directory + "/s")
    let listener = try await server.listen(handler)
    do {
      let value = try await body(server)
      try await server.stop(listener)
      return value
    } catch {
      try? await server.stop(listener)
      throw error
    }
  }

  /// The requests so far, in the order they came.
  package var requests: [StubRequest] { state.withLock { $0.requests } }

  /// How many connections are open now.
  package var openConnections: Int { state.withLock { $0.connections.count } }

  /// How many connections were ever opened.
  package var acceptedConnections: Int { state.withLock { $0.accepted } }

  /// Waits until the condition holds for the server.
  /// - Throws: `TimeoutError` when the deadline passes first.
  package func wait(
    until deadline: Deadline, _ subject: String, for condition: (StubDockerServer) -> Bool
  ) async throws {
    var backoff = Backoff()
    while !condition(self) { try await backoff.sleep(until: deadline, subject) }
  }

  private func listen(_ handler: @escaping Handler) async throws -> any Channel {
    try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.backlog, value: 256)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(HTTPRequestDecoder()), StubConnection(self, handler),
          ])
        }
      }
      .bind(unixDomainSocketPath: socketPath).get()
  }

  private func stop(_ listener: any Channel) async throws {
    try await listener.close()
    for connection in state.withLock({ Array($0.connections.values) }) {
      try? await connection.close()
    }
  }

  fileprivate func opened(_ channel: any Channel) {
    state.withLock {
      $0.connections[ObjectIdentifier(channel)] = channel
      $0.accepted += 1
    }
  }

  fileprivate func closed(_ channel: any Channel) {
    state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  fileprivate func record(_ request: StubRequest) {
    state.withLock { $0.requests.append(request) }
  }
}

/// One connection: gathers a request, then writes the answer by hand, so that a broken one can be written
/// too.
private final class StubConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let server: StubDockerServer
  private let handler: StubDockerServer.Handler
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(_ server: StubDockerServer, _ handler: @escaping StubDockerServer.Handler) {
    self.server = server
    self.handler = handler
  }

  func channelActive(context: ChannelHandlerContext) {
    server.opened(context.channel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    server.closed(context.channel)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body(let bytes): body += Array(bytes.readableBytesView)
    case .end:
      guard let head else { return }
      let request = StubRequest(
        method: head.method.rawValue, target: head.uri,
        headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body)
      (self.head, body) = (nil, [])
      server.record(request)
      answer(handler(request), context)
    }
  }

  private func answer(_ response: StubResponse, _ context: ChannelHandlerContext) {
    for piece in response.pieces {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: piece)), promise: nil)
    }
    guard response.closes else { return }
    // Closing at once would drop what the socket's buffer did not take yet.
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
  }
}
