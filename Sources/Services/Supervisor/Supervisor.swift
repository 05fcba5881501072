import AppState
import DrydockBase
import NativeProcess

/// Keeps the services of one instance as they are wanted: one replica's life is a task of its own, and whoever speaks with
/// the supervisor changes what is wanted.
///
/// It holds no truth of its own: what runs is read from locks and labels, so that a supervisor which takes over from another
/// one finds it all.
package actor Supervisor {
  /// What a supervisor ended with.
  package enum Result: Sendable, Hashable {
    /// Everything was stopped.
    case stopped
    /// A service ended by itself, and that was to end everything.
    case failed(ServiceReplica, ReplicaEnd)
  }

  private let traffic: any Traffic
  private let check: @Sendable (ReplicaEndpoint, HealthRule) async -> String?
  private let exitsOnFailure: Bool
  private let observe: @Sendable (SupervisorEvent) -> Void
  private let hub = EventHub<SupervisorEvent>()
  private let jobs: AsyncStream<@Sendable () async -> Void>
  private let queue: AsyncStream<@Sendable () async -> Void>.Continuation
  private var members: [String: ServiceMember] = [:]
  /// In the manifest's order.
  private var order: [String] = []
  private var result = Result.stopped

  /// A supervisor without services.
  /// - Parameters:
  ///   - exitsOnFailure: Whether the first replica that ends by itself ends everything.
  ///   - observe: Told of each event at once, also while everything ends.
  ///   - check: Says why an endpoint is not healthy; nil for one that is.
  package init(
    traffic: any Traffic, exitsOnFailure: Bool = false,
    observe: @escaping @Sendable (SupervisorEvent) -> Void = { _ in },
    check: @escaping @Sendable (ReplicaEndpoint, HealthRule) async -> String?
  ) {
    self.traffic = traffic
    self.exitsOnFailure = exitsOnFailure
    self.observe = observe
    self.check = check
    (jobs, queue) = AsyncStream.makeStream()
  }

  // MARK: Work

  /// Works until everything is stopped or the task is cancelled, which stops everything: nothing that it started is left.
  package nonisolated func run() async -> Result {
    await withDiscardingTaskGroup { group in
      for await job in jobs { group.addTask { await job() } }
      group.cancelAll()
    }
    hub.close()
    return await result
  }

  /// What happens from now on.
  package nonisolated func events() -> AsyncStream<SupervisorEvent> { hub.events() }

  /// Tells whoever watches.
  package nonisolated func tell(_ event: SupervisorEvent) {
    observe(event)
    hub.send(event)
  }

  // MARK: What is wanted

  /// Takes services into its care; those that it has already get what is new of their replicas' number only.
  package func add(_ services: [PreparedService]) async {
    for service in services {
      let name = service.spec.name
      if members[name] == nil {
        members[name] = ServiceMember(service: service)
        order.append(name)
      }
      members[name]?.service.url = service.url
      members[name]?.service.browserURL = service.browserURL
      members[name]?.service.plainURL = service.plainURL
      members[name]?.service.ports = service.ports
      await direct(name)
    }
    for service in services { scale(service.spec.name, to: service.spec.count) }
  }

  /// Has a service so many replicas from now on. Of too many those with the highest numbers go.
  package func scale(_ service: String, to count: Int) {
    guard members[service] != nil else { return }
    members[service]?.spec.count = count
    for number in Array(members[service]?.replicas.keys ?? [:].keys) where number > count {
      stop(ServiceReplica(service: service, number: number), drains: true)
    }
    guard count > 0 else { return }
    for number in 1...count where members[service]?.replicas[number] == nil {
      begin(ServiceReplica(service: service, number: number))
    }
  }

  /// Has services run as they are prepared now: their replicas end, and others take their place.
  package func replace(_ services: [PreparedService]) {
    for service in services {
      guard let member = members[service.spec.name] else { continue }
      let count = member.spec.count
      members[service.spec.name]?.service = service
      members[service.spec.name]?.spec.count = count
      for number in member.replicas.keys {
        stop(ServiceReplica(service: service.spec.name, number: number), drains: true)
      }
    }
  }

  /// Has a replica end, and another one take its place.
  /// - Throws: `DrydockError` where there is none of that name.
  package func end(_ name: String) throws {
    let replica = ServiceReplica(name: name)
    guard let replica, members[replica.service]?.replicas[replica.number] != nil else {
      let known = status.flatMap { service in service.replicas.map { "\(service.service).\($0.number)" } }
      throw UnknownName.error("replica", name, known: known)
    }
    stop(replica, drains: true)
  }

  /// Stops services, and returns once they are gone. Without any left, the supervisor ends.
  package func stop(_ services: [String]) async {
    let changes = hub.events()
    for service in services {
      members[service]?.spec.count = 0
      for number in members[service]?.replicas.keys ?? [:].keys {
        stop(ServiceReplica(service: service, number: number), drains: false)
      }
    }
    if !isGone(services) { for await _ in changes where isGone(services) { break } }
    for service in services {
      members[service] = nil
      order.removeAll { $0 == service }
    }
    if members.isEmpty { queue.finish() }
  }

  private func isGone(_ services: [String]) -> Bool {
    services.allSatisfy { members[$0]?.replicas.isEmpty ?? true }
  }

  // MARK: What is

  /// The services, in the order in which they came.
  package var status: [ServiceStatus] {
    order.compactMap { name in
      members[name].map { member in
        ServiceStatus(
          service: name, kind: member.spec.kind, desired: member.spec.count, url: member.service.url,
          plainURL: member.service.plainURL, browserURL: member.service.browserURL,
          ports: member.service.ports,
          replicas: member.replicas.sorted { $0.key < $1.key }.map(\.value.toldStatus))
      }
    }
  }

  /// Why a replica cannot be started, where something cannot be written; nil for all others.
  var unwritten: DrydockError? {
    order.compactMap { members[$0] }.flatMap(\.replicas.values).compactMap(\.unwritten).first
  }

  /// The replica that a name means, a service's or a replica's, and where a command goes that is to run beside it.
  /// - Throws: `DrydockError` where no such one runs.
  package func access(_ name: String) async throws -> ReplicaAccess {
    let replica = try status.running(name)
    guard let runner = members[replica.service]?.service.runner else { throw CancellationError() }
    return ReplicaAccess(replica: replica, place: try await runner.place(of: replica))
  }

  /// Returns once each of these services has a replica that is ready, or none is wanted.
  /// - Returns: Whether they are, rather than that everything ends.
  @discardableResult
  package func waitUntilReady(_ services: [String]) async -> Bool {
    let changes = hub.events()
    if isReady(services) { return true }
    for await _ in changes where isReady(services) {
      return services.contains { (members[$0]?.spec.count ?? 0) > 0 }
    }
    return false
  }

  private func isReady(_ services: [String]) -> Bool {
    services.allSatisfy { name in
      guard let member = members[name], member.spec.count > 0 else { return true }
      return member.replicas.values.contains { $0.status.state == .ready }
    }
  }

  // MARK: Replicas

  private func begin(_ replica: ServiceReplica) {
    guard let member = members[replica.service] else { return }
    let order = StopOrder()
    members[replica.service]?.replicas[replica.number] = ReplicaEntry(
      order: order, status: ReplicaStatus(number: replica.number, state: .starting))
    let life = ReplicaLife(
      replica: replica, spec: member.spec, runner: member.service.runner, order: order, check: check,
      waitUntilReady: { [weak self] in _ = await self?.waitUntilReady($0) },
      drain: { [traffic] in await traffic.drain($0, until: $1) },
      report: { [weak self] in await self?.take($0, of: replica) })
    queue.yield { await life.run() }
  }

  private func stop(_ replica: ServiceReplica, drains: Bool) {
    members[replica.service]?.replicas[replica.number]?.order.give(drains: drains)
  }

  /// Notes what a replica's life tells.
  private func take(_ report: ReplicaReport, of replica: ServiceReplica) async {
    guard var entry = members[replica.service]?.replicas[replica.number] else { return }
    var event = entry.take(report, of: replica, isLast: exitsOnFailure)
    if case .ready = report, let service = members[replica.service]?.service {
      event?.text = service.readiness
    }
    members[replica.service]?.replicas[replica.number] = entry
    if case .gone = report { await remove(replica) }
    // Before it is told: whoever hears that it is ready may send a request at once.
    await direct(replica.service)
    if let event { tell(event) }
    if exitsOnFailure { fail(replica, report, isWanted: entry.order.given == nil && !Task.isCancelled) }
  }

  private func remove(_ replica: ServiceReplica) async {
    members[replica.service]?.replicas[replica.number] = nil
    // It may be wanted again by now.
    if !Task.isCancelled, let count = members[replica.service]?.spec.count, replica.number <= count {
      begin(replica)
    }
  }

  /// Ends everything where a replica ended by itself, or could not be started.
  private func fail(_ replica: ServiceReplica, _ report: ReplicaReport, isWanted: Bool) {
    let end: ReplicaEnd
    switch report {
    case .ended(let its, _): end = its
    case .failed(let error, _) where isWanted:
      end = ReplicaEnd(reason: .code(1), words: DrydockError(error).message)
    default: return
    }
    if case .stopped = result { result = .failed(replica, end) }
    queue.finish()
  }

  private func direct(_ service: String) async {
    guard let member = members[service] else { return }
    if member.spec.port != nil { await direct(member, further: nil) }
    for port in member.spec.furtherPorts { await direct(member, further: port) }
  }

  private func direct(_ member: ServiceMember, further: Int?) async {
    var replicas: [ServiceReplica: ReplicaEndpoint] = [:]
    for (number, entry) in member.replicas where entry.status.state == .ready {
      replicas[ServiceReplica(service: member.spec.name, number: number)] =
        further.map { entry.furtherEndpoints[$0] } ?? entry.endpoint
    }
    await traffic.direct(
      member.spec.name, further: further, to: replicas, condition: member.condition, detail: member.detail)
  }
}
