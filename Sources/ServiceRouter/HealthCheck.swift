import Essentials
import MonotonicTime
import NIOCore
import NIOPosix
import PortForwarding
import TransportSecurity

/// Asks a replica whether it serves, as AWS's balancer does.
package struct HealthCheck: Sendable, Hashable {
  /// What is asked.
  package enum Probe: Sendable, Hashable {
    /// A page by GET, answered by a status from 200 to 399, or 401, which Convox takes for healthy too.
    case http(path: String)
    /// The same over TLS, whoever's certificate it is, as AWS's balancer asks services that speak it.
    case https(path: String)
    /// A connection.
    case connect
  }

  /// What came of it.
  package enum Verdict: Sendable, Hashable {
    case healthy
    /// Why not, in words.
    case unhealthy(String)
  }

  private let probe: Probe
  private let timeout: Duration

  /// A check.
  /// - Parameter timeout: How long everything together may take.
  package init(_ probe: Probe, timeout: Duration) {
    self.probe = probe
    self.timeout = timeout
  }

  /// Asks once. It ends early when the task is cancelled.
  package func run(_ backend: Backend) async -> Verdict {
    do {
      return try await ask(backend)
    } catch is TimeoutError {
      return .unhealthy("no answer within \(Self.seconds(timeout))")
    } catch let error as NIOConnectionError {
      return .unhealthy(Self.reason(error.connectionErrors.first?.error ?? error))
    } catch {
      return .unhealthy(Self.reason(error))
    }
  }

  private func ask(_ backend: Backend) async throws -> Verdict {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let verdict = loop.makePromise(of: Verdict.self)
    let address = try SocketAddress(ipAddress: backend.host, port: backend.port)
    let connected = ClientBootstrap(group: loop).connectTimeout(TimeAmount(timeout))
      .channelInitializer { [probe] channel in
        channel.eventLoop.makeCompletedFuture {
          guard case .http(let path) = probe else { return }
          try Self.ask(path, backend, verdict, on: channel)
        }
      }
      .connect(to: address)
      .flatMapThrowing { [probe] channel in
        guard case .https(let path) = probe else { return channel }
        // The handshake begins with a connection that stands.
        let tls = TLSHandler(try TLSClient.trustingAnybody())
        try channel.pipeline.syncOperations.addHandler(tls)
        try Self.ask(path, backend, verdict, on: channel)
        return channel
      }
    connected.cascadeFailure(to: verdict)
    if probe == .connect { connected.map { _ in Verdict.healthy }.cascade(to: verdict) }
    let timeout = timeout
    let alarm = loop.scheduleTask(in: TimeAmount(timeout)) { verdict.fail(TimeoutError("an answer")) }
    defer {
      alarm.cancel()
      connected.whenSuccess { $0.close(promise: nil) }
    }
    return try await withTaskCancellationHandler {
      try await verdict.futureResult.get()
    } onCancel: {
      verdict.fail(CancellationError())
    }
  }

  private static func ask(
    _ path: String, _ backend: Backend, _ verdict: EventLoopPromise<Verdict>, on channel: any Channel
  ) throws {
    let handler = HealthCheckHandler(path: path, host: "\(backend.host):\(backend.port)", verdict: verdict)
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError where error.errnoCode == ECONNREFUSED: "refused"
    case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
    case let error as MessageFault: error.reason
    case let error as TLSError: "no TLS: \(error)"
    case ChannelError.connectTimeout(let time): "no answer within \(seconds(.nanoseconds(time.nanoseconds)))"
    case ChannelError.eof: "closed without an answer"
    case is CancellationError: "not asked to the end"
    default: "\(error)"
    }
  }

  private static func seconds(_ duration: Duration) -> String {
    let milliseconds = Int(duration / .milliseconds(1))
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}

/// Asks for a page, and looks at the head of the answer alone.
private final class HealthCheckHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let path: String
  private let host: String
  private let verdict: EventLoopPromise<HealthCheck.Verdict>
  private var received = ByteBuffer()
  private var scanner = HeadScanner()

  init(path: String, host: String, verdict: EventLoopPromise<HealthCheck.Verdict>) {
    self.path = path
    self.host = host
    self.verdict = verdict
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { ask(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    ask(context)
    context.fireChannelActive()
  }

  private func ask(_ context: ChannelHandlerContext) {
    // As AWS's balancer names itself, for apps that answer it on its own terms.
    let request =
      "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"
      + "Accept-Encoding: gzip, compressed\r\nConnection: close\r\n\r\n"
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    received.writeBuffer(&bytes)
    do {
      while let bytes = try scanner.take(&received) {
        let head = try ResponseHead(bytes, to: .get)
        if head.isInterim { continue }
        let isHealthy = (200...399).contains(head.status) || head.status == 401
        return verdict.succeed(isHealthy ? .healthy : .unhealthy("answered \(head.status)"))
      }
    } catch {
      verdict.fail(error)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { verdict.fail(error) }
  func channelInactive(context: ChannelHandlerContext) { verdict.fail(ChannelError.eof) }
}
