import NIOCore
import NIOPosix
import PortForwarding

/// A client's connection whose bytes go to a replica as they come.
final class TCPConnection: RouterClient, RouterWaiter {
  private let core: RouterCore
  private let channel: any Channel
  private let near = Relay()
  private var far: Relay?
  private var tried: [BackendEntry] = []
  private let begin = NIODeadline.now()
  private var alarm: Scheduled<Void>?
  private var isOver = false

  init(_ channel: any Channel, core: RouterCore) throws {
    self.channel = channel
    self.core = core
    try channel.pipeline.syncOperations.addHandler(near)
    channel.closeFuture.assumeIsolated().whenComplete { [self] _ in
      isOver = true
      alarm?.cancel()
      core.endWait(self)
      core.exit(self)
    }
  }

  /// Looks for a replica.
  func goOn() {
    core.endWait(self)
    alarm?.cancel()
    guard !isOver, far == nil else { return }
    switch core.nextStep(nil, not: tried, since: begin) {
    case .ask(let entry): ask(entry)
    case .wait(let time):
      tried = []
      core.wait(self)
      alarm = core.loop.assumeIsolated().scheduleTask(in: time) { [self] in goOn() }
    case .refused, .unavailable: near.abort()
    }
  }

  private func ask(_ entry: BackendEntry) {
    entry.begin()
    connect(entry).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let upstream):
        // In flight until both ends have gone.
        channel.closeFuture.and(upstream.closeFuture).assumeIsolated().whenComplete { _ in entry.end() }
        join(upstream)
      case .failure:
        entry.end()
        tried.append(entry)
        goOn()
      }
    }
  }

  private func connect(_ entry: BackendEntry) -> EventLoopFuture<any Channel> {
    guard let address = entry.address else {
      return core.loop.makeFailedFuture(ChannelError.unknownLocalAddress)
    }
    return ClientBootstrap(group: core.loop).connectTimeout(TimeAmount(core.options.connectTimeout))
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.writeBufferWaterMark, value: .routing)
      .channelOption(.maxMessagesPerRead, value: 2)
      .connect(to: address)
  }

  private func join(_ upstream: any Channel) {
    let far = Relay()
    guard !isOver, (try? upstream.pipeline.syncOperations.addHandler(far)) != nil else {
      return upstream.close(promise: nil)
    }
    self.far = far
    Relay.join(near, far)
    channel.setOption(.autoRead, value: true).whenFailure { [channel] _ in channel.close(promise: nil) }
    upstream.setOption(.autoRead, value: true).whenFailure { _ in upstream.close(promise: nil) }
  }

  // MARK: As a client

  var isIdle: Bool { false }
  let lastActivity = NIODeadline.now()
  var end: EventLoopFuture<Void> { channel.closeFuture }
  func leave() { channel.close(promise: nil) }

  func abort() {
    near.abort()
    far?.abort()
  }

  /// Idle ones stay, as they do at AWS's network balancer for as long as both ends live.
  func check(_ now: NIODeadline) {}
}
