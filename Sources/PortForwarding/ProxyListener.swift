import NIOCore

/// The connections of one proxy. All of them live on one event loop, to which this belongs: a loop forwards far
/// more than an engine delivers, and so nothing is shared between threads.
final class ProxyListener: ChannelDuplexHandler {
  package typealias InboundIn = Channel
  package typealias OutboundIn = Never

  private let destination: ForwardingDestination
  private let limit: Int
  private let events: @Sendable (TCPProxy.Event) -> Void
  private var context: ChannelHandlerContext?
  /// Both ends of each connection, by its client.
  private var open: [ObjectIdentifier: (near: Relay, far: Relay)] = [:]
  private var isReadDue = false
  private var isFullTold = false
  private var drained: EventLoopPromise<Void>?

  init(_ destination: ForwardingDestination, limit: Int, events: @escaping @Sendable (TCPProxy.Event) -> Void)
  {
    self.destination = destination
    self.limit = limit
    self.events = events
  }

  package func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  package func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  /// More than the limit wait in the kernel's queue until another has ended.
  package func read(context: ChannelHandlerContext) {
    guard open.count < limit else {
      isReadDue = true
      if !isFullTold { events(.full(limit)) }
      return isFullTold = true
    }
    context.read()
  }

  /// Takes a client in.
  package func accept(_ client: any Channel) throws {
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
    destination.connect(far, on: client.eventLoop, end: upstreamEnd).assumeIsolated().whenComplete {
      [self] result in
      switch result {
      case .success:
        Relay.join(near, far)
        client.setOption(.autoRead, value: true).assumeIsolated().whenFailure { _ in near.abort() }
      case .failure(let error):
        events(.failed(destination.failure(error)))
        near.abort()
      }
    }
  }

  private func ended(_ client: any Channel) {
    open[ObjectIdentifier(client)] = nil
    if open.isEmpty { drained?.succeed() }
    // A burst is over when a tenth has gone.
    if open.count < limit - limit / 10 { isFullTold = false }
    guard isReadDue else { return }
    isReadDue = false
    context?.read()
  }

  /// Waits until every connection has ended; after the grace they are broken off.
  package func drain(within grace: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<Void> {
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
}
