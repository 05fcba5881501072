import DrydockBase
import FileWatch
import LocalFiles
import MonotonicTime
import Synchronization

/// Carries what changes in an app's tree to its services while they run: files go into containers, or a service is built
/// and started again.
package final class LiveCode: Sendable {
  /// Something for the services' containers.
  private enum Order: Sendable {
    case changes([TreeChange], service: String)
    case arrival(CodeJournal.Arrival)
  }

  private enum Renewal: Sendable {
    /// A service is to be prepared anew; the line that says why.
    case because(String, service: String)
    /// A service's containers are compared with the tree.
    case ifBehind(String)
  }

  private let app: any LiveApp
  private let journal: CodeJournal
  private let quiet: Duration
  private let limit: Duration
  private let plan = Mutex(LivePlan(services: [], controls: [:]))
  /// Services that have been started.
  private let known = Mutex<Set<String>>([])
  /// Services that could not be built: a file alone would not bring them to what the tree is.
  private let failed = Mutex<Set<String>>([])
  private let orders = Inbox<Order>()
  private let renewals = Inbox<Renewal>()
  private let replans = Inbox<Void>()

  /// Carries the code of an app.
  /// - Parameters:
  ///   - journal: What has changed since images were built, which whoever builds them shares.
  ///   - quiet: For how long nothing may change before a batch of changes is taken.
  ///   - limit: How long a batch may grow while there is no such quiet.
  package init(
    _ app: any LiveApp, journal: CodeJournal, quiet: Duration = .milliseconds(100),
    limit: Duration = .milliseconds(500)
  ) {
    self.app = app
    self.journal = journal
    self.quiet = quiet
    self.limit = limit
  }

  /// Works until it is cancelled.
  package func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.carryOut() }
      group.addTask { await self.renew() }
      group.addTask {
        while let arrivals = await self.journal.arrivals.next() {
          for arrival in arrivals { self.orders.post(.arrival(arrival)) }
        }
      }
      await watch()
      group.cancelAll()
    }
  }

  /// A service that may not have been there before runs now.
  package func started(_ service: String) {
    known.withLock { _ = $0.insert(service) }
    if plan.withLock({ !$0.isEmpty && $0.services[service] == nil }) { replans.post(()) }
  }

  /// Has a service run as it is prepared now.
  package func renew(_ service: String, because reason: String) {
    renewals.post(.because(reason, service: service))
  }

  // MARK: Watching

  /// Watches by one plan after the other; a watch ends once the next one hears everything.
  private func watch() async {
    await withDiscardingTaskGroup { group in
      replans.post(())
      var end: Latch?
      while await replans.next() != nil {
        guard let next = await nextPlan() else { continue }
        let (old, own) = (end, Latch())
        end = own
        group.addTask { await self.watch(by: next, until: own) { old?.come() } }
      }
      group.cancelAll()
    }
  }

  private func nextPlan() async -> LivePlan? {
    do {
      let next = try await app.plan()
      for problem in next.problems { tell(problem) }
      return next
    } catch {
      // What was watched goes on: the file that is wrong is among it.
      if !(error is CancellationError) { tell(error) }
      return plan.withLock(\.isEmpty) ? app.fallback : nil
    }
  }

  private func watch(by next: LivePlan, until end: Latch, ready: @escaping @Sendable () -> Void) async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        do {
          try await TreeWatch(self.app.root, rules: next, quiet: self.quiet, limit: self.limit).run(
            ready: {
              ready()
              self.begin(next)
            },
            limited: { self.tell($0) }, each: { self.take($0, by: next) })
        } catch {
          if !(error is CancellationError) { self.tell(error) }
        }
        // Over also where the tree is gone.
        await end.wait()
      }
      await end.wait()
      // What the next one found there when it began is not told by that one, and by this one only once it is quiet.
      try? await Task.sleep(for: max(limit * 2, .seconds(1)), clock: SuspendingClock())
      group.cancelAll()
    }
  }

  private func begin(_ next: LivePlan) {
    let old = plan.withLock { plan in
      defer { plan = next }
      return plan
    }
    // Until now nobody heard what changes.
    for (name, service) in next.services where service.code != nil && old.services[name] == nil {
      renewals.post(.ifBehind(name))
    }
    // Started while the plan was made.
    if old.isEmpty, known.withLock({ !$0.isSubset(of: next.services.keys) }) { replans.post(()) }
  }

  private func take(_ changes: [TreeChange], by plan: LivePlan) {
    for service in plan.services.values { take(changes, service) }
    let controls = changes.compactMap { change in plan.controls[change.path].map { (change.path, $0) } }
    for case (let path, .build(let services)) in controls {
      for service in services {
        journal.note(changes.filter { $0.path == path }, of: service)
        renewals.post(.because("rebuild \(service): \(path) changed", service: service))
      }
    }
    if controls.contains(where: { $0.1 == .manifest }) { app.manifestChanged() }
    if !controls.isEmpty { replans.post(()) }
  }

  private func take(_ changes: [TreeChange], _ service: LiveService) {
    var (puts, all): ([TreeChange], [TreeChange]) = ([], [])
    var reason: String?
    for change in changes {
      switch service.meaning(of: change) {
      case .nothing: continue
      case .put: puts.append(change)
      case .restart(let its): reason = reason ?? its
      }
      all.append(change)
    }
    guard !all.isEmpty else { return }
    journal.note(all, of: service.name)
    if reason == nil, failed.withLock({ $0.contains(service.name) }) {
      reason = "rebuild \(service.name): \(puts.first?.path ?? "") changed"
    }
    if !puts.isEmpty { orders.post(.changes(puts, service: service.name)) }
    if let reason { renewals.post(.because(reason, service: service.name)) }
  }

  // MARK: Carrying out

  private func carryOut() async {
    while let orders = await orders.next() {
      var changes: [String: [TreeChange]] = [:]
      for case .changes(let its, let service) in orders { changes[service, default: []] += its }
      for (service, its) in changes.sorted(by: { $0.key < $1.key }) { await carry(its.newest, to: service) }
      for case .arrival(let arrival) in orders {
        let its = journal.changes(of: arrival.service, since: arrival.mark)
        await carry(its, to: arrival.service, into: arrival.container)
      }
    }
  }

  /// - Parameter container: Nil for all that run.
  private func carry(_ changes: [TreeChange], to name: String, into container: String? = nil) async {
    guard let service = plan.withLock({ $0.services[name] }) else { return }
    do {
      let target = try await app.target()
      let containers =
        if let container { [container] } else { try await target.containers(of: name).keys.sorted() }
      let outcome = try await CodeSync(root: app.root, target: target).carry(
        changes, of: service, into: containers)
      switch outcome {
      case .done(let put, let removed):
        guard container == nil, let text = SyncLine.text(put, removed, of: name) else { return }
        app.tell(.synced(text))
      case .rebuild(let reason):
        // What a container missed may have been built meanwhile for another reason.
        guard container == nil || journal.image(of: name) == nil else { return }
        renewals.post(.because(reason, service: name))
      }
    } catch {
      guard !Task.isCancelled else { return }
      tell(error)
      renewals.post(.because("rebuild \(name): files could not be carried into it", service: name))
    }
  }

  private func renew() async {
    while let renewals = await renewals.next() {
      var reasons: [String: String] = [:]
      var suspects: Set<String> = []
      for renewal in renewals {
        switch renewal {
        case .because(let reason, let service): reasons[service] = reasons[service] ?? reason
        case .ifBehind(let service): suspects.insert(service)
        }
      }
      for service in suspects.sorted() where reasons[service] == nil {
        if await isBehind(service) { reasons[service] = "rebuild \(service): the app's files have changed" }
      }
      for (service, reason) in reasons.sorted(by: { $0.key < $1.key }) { await renew(service, reason) }
    }
  }

  private func renew(_ service: String, _ reason: String) async {
    app.tell(.renewing(reason))
    do {
      try await app.renew(service)
      failed.withLock { _ = $0.remove(service) }
    } catch {
      guard !Task.isCancelled else { return }
      failed.withLock { _ = $0.insert(service) }
      // What runs goes on as it is.
      tell(error)
    }
  }

  private func isBehind(_ service: String) async -> Bool {
    do {
      guard let image = try await app.image(of: service) else { return false }
      let containers = try await app.target().containers(of: service)
      return containers.values.contains { $0 != image }
    } catch {
      if !Task.isCancelled { tell(error) }
      return false
    }
  }

  private func tell(_ error: any Error) { app.tell(.failed(error)) }
}

extension [TreeChange] {
  /// The last word on each path, in the order in which the paths came.
  fileprivate var newest: [TreeChange] {
    var last: [String: TreeChange] = [:]
    for change in self { last[change.path] = change }
    var seen: Set<String> = []
    return compactMap { seen.insert($0.path).inserted ? last[$0.path] : nil }
  }
}
