import DrydockBase
import Essentials
import NIOCore
import NIOPosix
import TransportSecurity

extension ForwardingDestination {
  /// How long it may take to answer a connection, and to shake hands.
  private static let patience = TimeAmount.seconds(10)

  /// Connects a relay to the destination, by TLS where that is wanted; on its event loop.
  /// - Parameter end: Kept when the connection has ended, or failed.
  func connect(_ relay: Relay, on loop: any EventLoop, end: EventLoopPromise<Void>)
    -> EventLoopFuture<Void>
  {
    let asked = loop.makeFutureWithTask { try await ServerProof(self) }
    asked.whenFailure { _ in end.succeed() }
    return asked.assumeIsolated().flatMap { proof in
      let connected = open(for: relay, on: loop)
      connected.flatMap(\.closeFuture).cascade(to: end)
      return connected.assumeIsolated().flatMap { upstream in
        let confirmed = loop.makeFutureWithTask { try await proof.confirm() }
        confirmed.whenFailure { _ in upstream.close(promise: nil) }
        return confirmed.assumeIsolated().flatMap { prepare(upstream, relay) }.nonisolated()
      }.nonisolated()
    }.nonisolated()
  }

  /// Connects. Without TLS the relay is there from the first moment: where a server ends what it sends at once, NIO reads
  /// all of it, asked or not, and what no handler takes is lost, as is the word that it was the end. With TLS what comes
  /// before the handshake is nobody's.
  private func open(for relay: Relay, on loop: any EventLoop) -> EventLoopFuture<any Channel> {
    let bound = authorityFile == nil ? NIOLoopBound(relay, eventLoop: loop) : nil
    let bootstrap = ClientBootstrap(group: loop).connectTimeout(Self.patience)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.writeBufferWaterMark, value: .forwarding)
      .channelOption(.maxMessagesPerRead, value: 2)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let bound { try channel.pipeline.syncOperations.addHandler(bound.value) }
        }
      }
    guard let address = try? SocketAddress(ipAddress: host, port: port) else {
      return bootstrap.connect(host: host, port: port)
    }
    return bootstrap.connect(to: address)
  }

  private func prepare(_ upstream: any Channel, _ relay: Relay) -> EventLoopFuture<Void> {
    let ready = upstream.eventLoop.makePromise(of: Void.self)
    do {
      // It may have broken off meanwhile, of which the relay would not hear.
      guard upstream.isActive else { throw ChannelError.alreadyClosed }
      if let authority = authorityFile {
        let client = try TLSClient(authorityFile: authority, host: host)
        try upstream.pipeline.syncOperations.addHandler(TLSHandler(client, handshake: ready))
        let alarm = upstream.eventLoop.scheduleTask(in: Self.patience) { upstream.close(promise: nil) }
        ready.futureResult.whenComplete { _ in alarm.cancel() }
        try upstream.pipeline.syncOperations.addHandler(relay)
      } else {
        ready.succeed()
      }
      upstream.setOption(.autoRead, value: true).cascadeFailure(to: ready)
    } catch {
      ready.fail(error)
      upstream.close(promise: nil)
    }
    return ready.futureResult
  }

  /// Why it could not be reached, in words.
  package func failure(_ error: any Error) -> String { "cannot reach \(host):\(port): \(Self.reason(error))" }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case let error as NIOConnectionError:
      error.connectionErrors.first.map { reason($0.error) } ?? "no such host"
    case ChannelError.connectTimeout: "no answer within 10 s"
    case let error as TLSError where error.code == .untrusted: "its certificate is not trusted: \(error)"
    case ChannelError.alreadyClosed: "the connection broke off"
    case let error as TLSError: "no TLS: \(error)"
    case let error as DrydockError: error.message
    case let error as any DrydockErrorConvertible: DrydockError(error).message
    default: "\(error)"
    }
  }
}

extension ChannelOptions.Types.WriteBufferWaterMark {
  /// Some 200 kB at most are held each way, which keeps even hundreds of stuck connections small.
  static let forwarding = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 128 * 1024)
}
