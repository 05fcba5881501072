import Foundation
import NIOCore
import NIOPosix
import PortListeners
import TransportSecurity

extension ForwardingDestination {
  /// How long it may take to answer a connection, and to shake hands.
  private static let patience = TimeAmount.seconds(10)

  /// Connects a relay to the destination, by TLS where that is wanted; on its event loop.
  /// - Parameter end: Kept when the connection has ended, or failed.
  func connect(_ relay: Relay, on loop: any EventLoop, end: EventLoopPromise<Void>)
    -> EventLoopFuture<Void>
  {
    // Asked before and after, as a probe does: the same sockets at both times took the connection.
    let proof: ListenerProof?
    do { proof = try listener.map(ListenerProof.init) } catch {
      end.succeed()
      return loop.makeFailedFuture(error)
    }
    let bootstrap = ClientBootstrap(group: loop).connectTimeout(Self.patience)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.writeBufferWaterMark, value: .forwarding)
      .channelOption(.maxMessagesPerRead, value: 2)
    let connected =
      if let address = try? SocketAddress(ipAddress: host, port: port) {
        bootstrap.connect(to: address)
      } else {
        bootstrap.connect(host: host, port: port)
      }
    connected.flatMap(\.closeFuture).cascade(to: end)
    return connected.assumeIsolated().flatMap { upstream in
      do {
        try proof?.confirm()
        return prepare(upstream, relay)
      } catch {
        upstream.close(promise: nil)
        return loop.makeFailedFuture(error)
      }
    }.nonisolated()
  }

  private func prepare(_ upstream: any Channel, _ relay: Relay) -> EventLoopFuture<Void> {
    let ready = upstream.eventLoop.makePromise(of: Void.self)
    do {
      if let authority = authorityFile {
        let client = try TLSClient(authorityFile: authority, host: host)
        try upstream.pipeline.syncOperations.addHandler(TLSClientHandler(client, handshake: ready))
        let alarm = upstream.eventLoop.scheduleTask(in: Self.patience) { upstream.close(promise: nil) }
        ready.futureResult.whenComplete { _ in alarm.cancel() }
      } else {
        ready.succeed()
      }
      try upstream.pipeline.syncOperations.addHandler(relay)
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
    case let error as TLSError: "no TLS: \(error)"
    default: "\(error)"
    }
  }
}

extension ChannelOptions.Types.WriteBufferWaterMark {
  /// Some 200 kB at most are held each way, which keeps even hundreds of stuck connections small.
  static let forwarding = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 128 * 1024)
}
