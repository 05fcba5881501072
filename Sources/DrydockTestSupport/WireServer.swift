import MonotonicTime
import NIOCore
import NIOPosix

/// A server on a free port of this machine whose connections are a test's to answer, byte for byte.
/// - Parameters:
///   - serve: Called for each connection with its number; the connection is closed behind it.
///   - body: Gets the port. What is still served after it is cancelled.
package func withWireServer<Value: Sendable>(
  port: Int = 0, _ serve: @escaping @Sendable @concurrent (inout Wire, Int) async throws -> Void,
  _ body: @escaping @Sendable @concurrent (Int) async throws -> Value
) async throws -> Value {
  let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.allowRemoteHalfClosure, value: true)
    .childChannelOption(.autoRead, value: false)
    // Not wrapped yet: one that comes as the test ends is served by nobody, and its writer would end the process.
    .bind(host: "127.0.0.1", port: port) { $0.eventLoop.makeSucceededFuture($0) }
  let own = server.channel.localAddress?.port ?? 0
  return try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask {
      try await accept(server, serve)
      return nil
    }
    group.addTask { try await withDeadline(.after(socketPatience), "the test's end") { try await body(own) } }
    defer { group.cancelAll() }
    while let value = try await group.next() {
      if let value { return value }
    }
    throw FixtureError("the server ended")
  }
}

private func accept(
  _ server: NIOAsyncChannel<any Channel, Never>,
  _ serve: @escaping @Sendable @concurrent (inout Wire, Int) async throws -> Void
) async throws {
  try await server.executeThenClose { connections in
    try await withThrowingDiscardingTaskGroup { group in
      var number = 0
      for try await connection in connections {
        group.addTask { [number] in
          // A client that goes away is no fault of the server's.
          try? await wrapped(connection).executeThenClose { inbound, outbound in
            var wire = Wire(parts: inbound.makeAsyncIterator(), outbound: outbound)
            try await serve(&wire, number)
          }
        }
        number += 1
      }
    }
  }
}

/// A connection that is read from now on.
private func wrapped(_ connection: any Channel) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
  try await connection.eventLoop.submit {
    let wrapped = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
      wrappingChannelSynchronously: connection, configuration: .init(isOutboundHalfClosureEnabled: true))
    try connection.syncOptions?.setOption(.autoRead, value: true)
    return wrapped
  }.get()
}

/// A request as it came.
package struct WireRequest: Sendable, Hashable {
  /// The first line.
  package var line: String
  /// The headers, by their names in lower case; the values of equal ones joined by commas.
  package var headers: [String: String] = [:]
  /// The body, chunks joined.
  package var body: [UInt8] = []
  /// The lines behind the last chunk.
  package var trailers: [String] = []

  /// The second word of the first line.
  package var target: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }
}

extension Wire {
  /// The next request with its body; nil when the connection ends before one.
  @concurrent
  package mutating func request() async throws -> WireRequest? {
    guard var request = try await requestHead() else { return nil }
    if let length = request.headers["content-length"].flatMap({ Int($0) }) {
      guard let bytes = try await read(length) else { return nil }
      request.body = bytes
    } else if request.headers["transfer-encoding"] == "chunked" {
      while let size = try await line().flatMap({ Int($0, radix: 16) }), size > 0 {
        guard let bytes = try await read(size + 2) else { return nil }
        request.body += bytes.dropLast(2)
      }
      while let line = try await line(), !line.isEmpty { request.trailers.append(line) }
    }
    return request
  }

  /// The head of the next request; nil when the connection ends before one.
  @concurrent
  package mutating func requestHead() async throws -> WireRequest? {
    guard let first = try await line() else { return nil }
    var request = WireRequest(line: first)
    while let line = try await line(), !line.isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
      request.headers[parts[0].lowercased(), default: ""] +=
        (request.headers[parts[0].lowercased()] == nil ? "" : ", ") + value
    }
    return request
  }

  /// Answers by that status and text.
  package func answer(_ text: String, status: Int = 200, _ more: String = "") async throws {
    try await send("HTTP/1.1 \(status) Word\r\n\(more)Content-Length: \(text.utf8.count)\r\n\r\n\(text)")
  }
}
