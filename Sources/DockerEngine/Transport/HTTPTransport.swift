import Essentials
import MonotonicTime
import NIOCore
import NIOHTTP1
import NIOPosix

/// HTTP/1.1 over a Unix socket: one connection an exchange, closed with it.
///
/// Leaving an exchange in any way (end, error, deadline, cancellation) closes its connection, which is how
/// the engine learns that nobody reads its stream any more.
struct HTTPTransport: Sendable {
  let socketPath: String

  private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  /// Sends one request and hands head and body of the answer to `consume`, while `input` writes on.
  func exchange<Value: Sendable>(
    _ request: EngineRequest, target: String, limit: TimeLimit, input: StreamInput.Writer? = nil,
    consume: @escaping @Sendable @concurrent (HTTPResponseHead, inout ResponseBody) async throws -> Value
  ) async throws -> Value {
    do {
      return try await limit.run(request.action) { mark in
        let connection = try await connect(until: limit.connect, action: request.action)
        return try await connection.executeThenClose { inbound, outbound in
          try await outbound.write(contentsOf: parts(of: request, target: target))
          var body = ResponseBody(inbound.makeAsyncIterator(), action: request.action, mark)
          let failure = InputFailure()
          let stream = StreamInput(outbound, connection.channel)
          // Cancelled with the end of this scope, when nobody reads any more what is sent.
          async let _: Void = stream.send(request.body, mark, failure)
          do {
            let head = try await body.head()
            async let _: Void = stream.run(head.status == .ok ? input : nil, failure)
            let value = try await consume(head, &body)
            // A body without a length ends with its connection, so a broken input looks like an end.
            if let error = failure.error { throw error }
            return value
          } catch {
            throw failure.error ?? error
          }
        }
      }
    } catch {
      throw Task.isCancelled ? CancellationError() : TransportFailure.translate(error, request, socketPath)
    }
  }

  /// Connects, waiting while the engine's queue of connections is full.
  @concurrent
  private func connect(until deadline: Deadline, action: String) async throws -> Connection {
    var backoff = Backoff()
    while true {
      do {
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
          .connectTimeout(.init(deadline.remaining))
          .connect(unixDomainSocketPath: socketPath) { channel in
            channel.eventLoop.makeCompletedFuture {
              try channel.pipeline.syncOperations.addHTTPClientHandlers()
              // Half closure is how the input of a command ends while its output goes on.
              return try Connection(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true))
            }
          }
      } catch let error as IOError where error.errnoCode == EAGAIN {
        try await backoff.sleep(until: deadline, action)
      }
    }
  }

  private func parts(of request: EngineRequest, target: String) -> [HTTPClientRequestPart] {
    // "docker" as host: the engine takes any, and Go's server wants one. One exchange a connection.
    var headers = HTTPHeaders([("Host", "docker"), ("User-Agent", "drydock"), ("Connection", "close")])
    let content: (type: String, bytes: ByteBuffer)? =
      switch request.body {
      case .none, .stream: nil
      case .json(let data): ("application/json", ByteBuffer(bytes: data))
      case .tar(let bytes): ("application/x-tar", ByteBuffer(bytes: bytes))
      }
    if let content { headers.add(name: "Content-Type", value: content.type) }
    let method = HTTPMethod(rawValue: request.method.rawValue)
    if case .stream = request.body {
      headers.add(name: "Content-Type", value: "application/x-tar")
      headers.add(name: "Transfer-Encoding", value: "chunked")
      return [.head(HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: headers))]
    }
    if request.method != .get {
      headers.add(name: "Content-Length", value: String(content?.bytes.readableBytes ?? 0))
    }
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: headers)
    return [.head(head)] + (content.map { [.body(.byteBuffer($0.bytes))] } ?? []) + [.end(nil)]
  }
}
