import Foundation
import NIOCore
import NIOPosix
import TransportSecurity

/// The connections of one proxy. All of them live on one event loop, to which this belongs: a loop forwards far
/// more than an engine delivers, and so nothing is shared between threads.
final class ProxyListener: ChannelDuplexHandler {
  typealias InboundIn = Channel
  typealias OutboundIn = Never

  private let destination: ProxyDestination
  private let limit: Int
  private let events: @Sendable (TCPProxy.Event) -> Void
  private var context: ChannelHandlerContext?
  /// Both ends of each connection, by its client.
  private var open: [ObjectIdentifier: (near: Relay, far: Relay)] = [:]
  private var isReadDue = false
  private var drained: EventLoopPromise<Void>?

  /// How long the destination may take to answer a connection, and to shake hands.
  private static let patience = TimeAmount.seconds(10)

  init(_ destination: ProxyDestination, limit: Int, events: @escaping @Sendable (TCPProxy.Event) -> Void) {
    self.destination = destination
    self.limit = limit
    self.events = events
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  /// More than the limit wait in the kernel's queue until another has ended.
  func read(context: ChannelHandlerContext) {
    guard open.count < limit else { return isReadDue = true }
    context.read()
  }

  /// Takes a client in.
  func accept(_ client: any Channel) throws {
    let near = Relay()
    try client.pipeline.syncOperations.addHandler(near)
    events(.connected(context?.channel.localAddress?.port ?? 0))
    let far = Relay()
    let upstreamEnd = client.eventLoop.makePromise(of: Void.self)
    open[ObjectIdentifier(client)] = (near, far)
    // Either end may still have to be written to when the other has gone.
    client.closeFuture.and(upstreamEnd.futureResult).assumeIsolated().whenComplete { [self] _ in
      ended(client)
    }
    connect(far, on: client.eventLoop, end: upstreamEnd).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success:
        Relay.join(near, far)
        client.setOption(.autoRead, value: true).assumeIsolated().whenFailure { _ in near.abort() }
      case .failure(let error):
        events(.failed("cannot reach \(destination.host):\(destination.port): \(Self.reason(error))"))
        near.abort()
      }
    }
  }

  private func ended(_ client: any Channel) {
    open[ObjectIdentifier(client)] = nil
    if open.isEmpty { drained?.succeed() }
    guard isReadDue else { return }
    isReadDue = false
    context?.read()
  }

  /// Connects to the destination, by TLS where that is wanted.
  private func connect(_ relay: Relay, on loop: any EventLoop, end: EventLoopPromise<Void>)
    -> EventLoopFuture<Void>
  {
    let bootstrap = ClientBootstrap(group: loop).connectTimeout(Self.patience)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.writeBufferWaterMark, value: .forwarding)
      .channelOption(.maxMessagesPerRead, value: 2)
    let connected =
      if let address = try? SocketAddress(ipAddress: destination.host, port: destination.port) {
        bootstrap.connect(to: address)
      } else {
        bootstrap.connect(host: destination.host, port: destination.port)
      }
    connected.flatMap(\.closeFuture).cascade(to: end)
    return connected.assumeIsolated().flatMap { [self] in prepare($0, relay) }.nonisolated()
  }

  private func prepare(_ upstream: any Channel, _ relay: Relay) -> EventLoopFuture<Void> {
    let ready = upstream.eventLoop.makePromise(of: Void.self)
    do {
      if let authority = destination.authorityFile {
        let client = try TLSClient(authorityFile: authority, host: destination.host)
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

  /// Waits until every connection has ended; after the grace they are broken off.
  func drain(within grace: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<Void> {
    let promise = loop.makePromise(of: Void.self)
    guard !open.isEmpty else {
      promise.succeed()
      return promise.futureResult
    }
    drained = promise
    events(.closing(open.count))
    let alarm = loop.assumeIsolated().scheduleTask(in: grace) { [self] in
      for (near, far) in open.values {
        near.abort()
        far.abort()
      }
    }
    promise.futureResult.whenComplete { _ in alarm.cancel() }
    return promise.futureResult
  }

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
