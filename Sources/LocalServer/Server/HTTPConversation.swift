import NIOCore
import NIOHTTP1

/// Answers the requests of one connection, one after the other.
struct HTTPConversation: Sendable {
  /// The writing end, and the channel itself, whose writes tell when they are through.
  struct Outbound: Sendable {
    var writer: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    var channel: any Channel

    func write(_ part: HTTPServerResponsePart) async throws { try await writer.write(part) }
  }

  let gate: Gate
  let name: ServerName
  let router: Router
  let limits: Limits
  let connections: ConnectionRegistry
  let log: RequestLog

  /// Serves the connection until it ends.
  @concurrent
  func serve(_ channel: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async throws {
    try await channel.executeThenClose { inbound, outbound in
      var body = RequestBody(inbound.makeAsyncIterator(), outbound, limits: limits)
      while let head = try await body.head() {
        connections.mark(channel.channel, isBusy: true)
        let isKept = try await exchange(
          head, &body, Outbound(writer: outbound, channel: channel.channel))
        // The last part goes by a way that tells when it is sent: a connection that is closed earlier drops the rest.
        try await channel.channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
        guard isKept else {
          try await linger(channel.channel, &body)
          break
        }
        guard connections.mark(channel.channel, isBusy: false) else { break }
      }
    }
  }

  /// Reads on for a while where a client is still sending: a connection that is closed before would take the answer
  /// with it.
  @concurrent
  private func linger(_ channel: any Channel, _ body: inout RequestBody) async throws {
    guard !body.isComplete else { return }
    channel.close(mode: .output, promise: nil)
    let cut = channel.eventLoop.scheduleTask(in: limits.close) { channel.close(promise: nil) }
    defer { cut.cancel() }
    try await body.discard()
  }

  /// Answers one request.
  /// - Returns: Whether the connection can be used for another.
  @concurrent
  private func exchange(_ head: HTTPRequestHead, _ body: inout RequestBody, _ outbound: Outbound) async throws
    -> Bool
  {
    let begin = ContinuousClock.now
    let reply: Reply
    do {
      try gate.admit(head, at: outbound.channel.ownPort)
      guard connections.recognise(outbound.channel) else {
        var failure = HTTPFailure(
          .serviceUnavailable,
          "\(connections.limit) connections are open, the most that the \(name.text) takes")
        failure.isKept = false
        throw failure
      }
      reply = try await answer(head, &body)
    } catch {
      return try await refuse(HTTPFailure(error), head, &body, outbound, since: begin)
    }
    let isKept = head.isKeepAlive && !connections.isStopping
    return try await send(reply, head, &body, outbound, isKept: isKept, since: begin)
  }

  @concurrent
  private func answer(_ head: HTTPRequestHead, _ body: inout RequestBody) async throws -> Reply {
    let (route, request) = try router.match(Request(head, limits: limits))
    guard case .reply(let handler) = route.action else {
      throw HTTPFailure(.upgradeRequired, "a websocket is expected here")
    }
    return try await handler(request, &body)
  }

  @concurrent
  private func refuse(
    _ failure: HTTPFailure, _ head: HTTPRequestHead, _ body: inout RequestBody, _ outbound: Outbound,
    since begin: ContinuousClock.Instant
  ) async throws -> Bool {
    // A wrong password is told in plain text, as a rack does. A stranger's body is not read, and that was all for it.
    let isStranger = failure.status == .unauthorized || failure.status == .forbidden
    var reply = isStranger ? Reply.text(failure.message + "\n", status: failure.status) : .failure(failure)
    if failure.status == .unauthorized {
      reply.headers.add(name: "WWW-Authenticate", value: "Basic realm=\"drydock \(name.text)\"")
    }
    let isKept = head.isKeepAlive && !connections.isStopping && !isStranger && failure.isKept
    return try await send(reply, head, &body, outbound, isKept: isKept, since: begin)
  }

  @concurrent
  private func send(
    _ reply: Reply, _ head: HTTPRequestHead, _ body: inout RequestBody, _ outbound: Outbound, isKept: Bool,
    since begin: ContinuousClock.Instant
  ) async throws -> Bool {
    var reply = reply
    var isKept = isKept
    if isKept { isKept = try await body.drain() }
    reply.headers.add(name: "Connection", value: isKept ? "keep-alive" : "close")
    defer { log.note(head, "\(reply.status.code)", begin.duration(to: .now)) }
    switch reply.body {
    case .bytes(let bytes):
      // RFC 9110, section 8.6: a 204 has none.
      if reply.status != .noContent {
        reply.headers.add(name: "Content-Length", value: "\(bytes.readableBytes)")
      }
      try await outbound.write(.head(Self.head(reply)))
      if head.method != .HEAD { try await outbound.write(.body(.byteBuffer(bytes))) }
    case .stream(let stream):
      let sink = ReplyStream(outbound.channel, head: Self.head(reply))
      do {
        try await stream(sink)
        try await sink.begin()
      } catch  where !sink.hasBegun {
        return try await refuse(HTTPFailure(error), head, &body, outbound, since: begin)
      }
    }
    return isKept
  }

  private static func head(_ reply: Reply) -> HTTPResponseHead {
    HTTPResponseHead(version: .http1_1, status: reply.status, headers: reply.headers)
  }
}

extension HTTPRequestHead {
  /// Whether nothing follows this head.
  var hasNoBody: Bool {
    headers["Transfer-Encoding"].isEmpty && (headers.first(name: "Content-Length") ?? "0") == "0"
  }
}
