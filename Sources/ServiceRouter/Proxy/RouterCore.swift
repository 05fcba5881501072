import DrydockBase
import NIOCore
import NIOPosix

/// A router's replicas, clients and those who wait. All of it lives on one event loop, to which this belongs: a loop
/// forwards far more than an app delivers, and so nothing is shared between threads.
final class RouterCore {
  let loop: any EventLoop
  let options: RouterOptions
  /// Where it listens, once it does.
  var ports = Ports(plain: 0)
  private(set) var isClosing = false
  private var condition = ServiceCondition.starting
  private var detail: String?
  private var entries: [BackendEntry] = []
  /// Where the next search begins, so that equals take turns.
  private var turn = 0
  private var clients: [ObjectIdentifier: any RouterClient] = [:]
  private var waiting: [ObjectIdentifier: any RouterWaiter] = [:]
  private var sweeper: RepeatedTask?
  /// What goes on when a client has gone: more are taken in.
  var whenLeft: [() -> Void] = []

  init(_ options: RouterOptions, loop: any EventLoop) {
    self.options = options
    self.loop = loop
  }

  // MARK: Replicas

  func set(_ backends: [Backend]) {
    var known = entries
    entries = backends.map { backend in
      guard let index = known.firstIndex(where: { $0.backend == backend }) else {
        return BackendEntry(backend, token: shortHash("\(options.service) \(backend.id)"), loop: loop)
      }
      return known.remove(at: index)
    }
    known.forEach { $0.leave() }
    wake()
  }

  func set(_ condition: ServiceCondition, _ detail: String?) {
    self.condition = condition
    self.detail = detail
    if !condition.isOnItsWay { wake() }
  }

  func entry(_ id: String) -> BackendEntry? { entries.first { $0.backend.id == id } }

  func drain(_ id: String) {
    entry(id)?.isDraining = true
    entry(id)?.closeIdle(olderThan: .nanoseconds(0))
  }

  /// Whether browsers are to be kept with their replicas.
  var isSticky: Bool { options.isSticky && entries.count > 1 }
  /// On one address all ports share their cookies, so that a router's has its port.
  var cookieName: String { "DRYDOCKLB-\(ports.plain)" }

  /// The replica for a request: the one that its cookie names, else the one with the least in flight.
  /// - Parameter tried: Those that did not take it.
  func choose(_ token: String?, not tried: [BackendEntry]) -> BackendEntry? {
    turn &+= 1
    var best: BackendEntry?
    for offset in 0..<entries.count {
      let entry = entries[(turn + offset) % entries.count]
      if entry.isDraining || tried.contains(where: { $0 === entry }) { continue }
      if let token, isSticky, entry.token == token { return entry }
      if best.map({ entry.inFlight < $0.inFlight }) ?? true { best = entry }
    }
    return best
  }

  /// What there is to do for somebody who has looked for a replica since then.
  func nextStep(_ token: String?, not tried: [BackendEntry], since begin: NIODeadline) -> SearchStep {
    if let entry = choose(token, not: tried) { return .ask(entry) }
    let passed = NIODeadline.now() - begin
    // Every replica refused: one that has just ended is taken out of the table soon.
    if !tried.isEmpty, entries.contains(where: { !$0.isDraining }) {
      let isWorthIt = isOnItsWay && passed < TimeAmount(options.refusalPatience)
      return isWorthIt ? .wait(.milliseconds(50)) : .refused
    }
    let left = TimeAmount(options.patience) - passed
    return isOnItsWay && left > .nanoseconds(0) ? .wait(left) : .unavailable
  }

  // MARK: Those who wait

  /// Whether it makes sense to wait.
  var isOnItsWay: Bool { condition.isOnItsWay && !isClosing }
  var page: WaitingPage { WaitingPage(service: options.service, condition: condition, detail: detail) }

  var waitingCount: Int { waiting.count }
  func wait(_ waiter: any RouterWaiter) { waiting[ObjectIdentifier(waiter)] = waiter }
  func endWait(_ waiter: any RouterWaiter) { waiting[ObjectIdentifier(waiter)] = nil }

  private func wake() {
    let all = waiting.values
    waiting = [:]
    all.forEach { $0.goOn() }
  }

  // MARK: Clients

  var hasRoom: Bool { clients.count < options.connections }

  func enter(_ client: any RouterClient) {
    clients[ObjectIdentifier(client)] = client
    if !hasRoom { oldestIdle(but: client)?.leave() }
    guard sweeper == nil else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    sweeper = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      bound.value.sweep()
    }
  }

  /// Who has waited longest without a request, to make room for others.
  private func oldestIdle(but newest: any RouterClient) -> (any RouterClient)? {
    clients.values.filter { $0.isIdle && $0 !== newest }.min { $0.lastActivity < $1.lastActivity }
  }

  func exit(_ client: any RouterClient) {
    clients[ObjectIdentifier(client)] = nil
    whenLeft.forEach { $0() }
  }

  /// Closes what takes too long. One look a second costs less than an alarm for each request.
  private func sweep() {
    let now = NIODeadline.now()
    clients.values.forEach { $0.check(now) }
    entries.forEach { $0.closeIdle(olderThan: UpstreamConnection.idleLimit) }
    guard clients.isEmpty, !entries.contains(where: \.hasIdle) else { return }
    sweeper?.cancel()
    sweeper = nil
  }

  // MARK: The end

  /// Lets the requests end that are under way.
  func close() -> EventLoopFuture<Void> {
    isClosing = true
    wake()
    let ends = clients.values.map(\.end)
    clients.values.filter(\.isIdle).forEach { $0.leave() }
    entries.forEach { $0.closeIdle(olderThan: .nanoseconds(0)) }
    return EventLoopFuture.andAllComplete(ends, on: loop)
  }

  func abort() { clients.values.forEach { $0.abort() } }
}

/// Where a router listens.
struct Ports: Sendable {
  var plain: Int
  /// Where it speaks TLS.
  var secure: Int?
}

/// What is done next for somebody who looks for a replica.
enum SearchStep {
  case ask(BackendEntry)
  /// Looks again after that time, or when something has changed.
  case wait(TimeAmount)
  /// All there are do not take connections.
  case refused
  /// There is none, and none came in time.
  case unavailable
}

/// Somebody who waits for a replica.
protocol RouterWaiter: AnyObject {
  /// Looks again.
  func goOn()
}

/// A client's connection.
protocol RouterClient: AnyObject {
  /// Whether it may be closed and nobody would miss it.
  var isIdle: Bool { get }
  var lastActivity: NIODeadline { get }
  /// Kept when it has ended.
  var end: EventLoopFuture<Void> { get }
  func leave()
  /// Breaks it off.
  func abort()
  /// Ends it if it takes too long.
  func check(_ now: NIODeadline)
}
