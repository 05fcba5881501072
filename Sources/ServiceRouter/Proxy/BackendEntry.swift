import NIOCore

/// A replica in the table of a router: what is in flight to it, and the connections that wait for a next request.
final class BackendEntry {
  let backend: Backend
  let address: SocketAddress?
  let loop: any EventLoop
  /// By what a browser names it in its cookie.
  let token: String
  private(set) var inFlight = 0
  var isDraining = false
  /// Whether it was taken out of the table.
  private(set) var isGone = false
  private var idle: [UpstreamConnection] = []
  private var drained: [EventLoopPromise<Void>] = []

  init(_ backend: Backend, token: String, loop: any EventLoop) {
    self.loop = loop
    self.backend = backend
    self.token = token
    address = try? SocketAddress(ipAddress: backend.host, port: backend.port)
  }

  var hasIdle: Bool { !idle.isEmpty }

  /// How many connections wait at most.
  private static let idleLimit = 128

  func begin() { inFlight += 1 }

  func end() {
    inFlight -= 1
    guard inFlight == 0 else { return }
    drained.forEach { $0.succeed() }
    drained = []
  }

  /// Kept once nothing is in flight.
  func whenDrained(_ promise: EventLoopPromise<Void>) {
    if inFlight == 0 { promise.succeed() } else { drained.append(promise) }
  }

  /// The connection that was used last, unless it waits for longer than that already.
  func takeIdle(youngerThan limit: TimeAmount) -> UpstreamConnection? {
    guard let last = idle.last, .now() - last.idleSince < limit else { return nil }
    return idle.removeLast()
  }

  /// Keeps a connection for a next request, or closes it.
  func keep(_ connection: UpstreamConnection) {
    guard !isGone, !isDraining, idle.count < Self.idleLimit else { return connection.close() }
    idle.append(connection)
  }

  func forget(_ connection: UpstreamConnection) { idle.removeAll { $0 === connection } }

  /// Closes what has waited for longer than that.
  func closeIdle(olderThan limit: TimeAmount) {
    let now = NIODeadline.now()
    let old = idle.prefix { now - $0.idleSince >= limit }
    idle.removeFirst(old.count)
    old.forEach { $0.close() }
  }

  func leave() {
    isGone = true
    closeIdle(olderThan: .nanoseconds(0))
  }
}
