import AppState
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
import LocalServer
import MonotonicTime
import NIOHTTP1
import Planning
import Services
import Synchronization

/// `convox releases promote`, and the second half of `start` and `deploy`.
extension Rack {
  var promoteRoutes: [Route] {
    [
      .post("/apps/:app/releases/:release/promote") { request, body in
        let form = try await body.form(request.headers)
        return try await promote(request["release"], try app(request["app"]), form)
      },
      .post("/apps/:app/cancel") { request, _ in
        let state = try app(request["app"])
        guard activity.cancel(state.id) else { throw HTTPFailure(.forbidden, "app is not updating") }
        return .ok
      },
    ]
  }

  private func promote(_ name: String, _ state: InstanceState, _ form: [String: String]) async throws -> Reply
  {
    let isForced = form["force"] == "true"
    guard isForced || activity.status(of: state.id) == "running" else {
      throw HTTPFailure(.forbidden, "app is currently updating")
    }
    let history = try await context.store.releases(of: state.id)
    guard let release = history.release(name) else { throw HTTPFailure.noSuch("release", name) }
    try refuse(release, history, state)
    let deadline = Deadline.after(.seconds(Self.patience(form["timeout"])))
    let number = try await activity.begin("updating", state.id, until: isForced ? deadline : .after(.zero))
    do {
      // What only `convox start` says, at its end.
      if form["development"] == "false" {
        let back = try await endDevelopment(state, until: deadline)
        try settle(back?.outcome, back?.promotion, number, state)
        return .ok
      }
      let promotion = Promotion(
        rack: self, state: state, release: release, before: history.active.flatMap(history.release),
        reason: form["development"] == "true" ? .development : .deploy)
      let outcome = try await cancellable(state, number) { try await promotion.run(until: deadline) }
      try settle(outcome, promotion, number, state)
      return .ok
    } catch {
      activity.end(state.id, number)
      throw error
    }
  }

  /// How long a promotion may take, in seconds.
  private static func patience(_ text: String?) -> Int {
    guard let seconds = text.flatMap({ Int($0) }), (1...3600).contains(seconds) else { return 300 }
    return seconds
  }

  /// What racks refuse, in their words.
  private func refuse(_ release: Release, _ history: ReleaseHistory, _ state: InstanceState) throws {
    let manifest = release.build.flatMap(buildStore(state).load)?.manifest
    guard manifest != nil || Folder.exists("\(state.path)/convox.yml") else {
      throw HTTPFailure(.badRequest, "can not promote a release with an empty manifest")
    }
    if let active = history.active.flatMap(history.release), release.created < active.created {
      throw HTTPFailure(.badRequest, "can not promote an older release, try rollback")
    }
  }

  /// Does what `convox apps cancel` can end.
  private func cancellable<Value: Sendable>(
    _ state: InstanceState, _ number: Int, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let (cancellations, cancellation) = AsyncStream.makeStream(of: Void.self)
    activity.allow(state.id, number) { cancellation.yield() }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        for await _ in cancellations { throw HTTPFailure(.conflict, "the promotion was cancelled") }
        return nil
      }
      defer { group.cancelAll() }
      while let value = try await group.next() {
        if let value { return value }
      }
      throw CancellationError()
    }
  }

  /// Answers while services come up; until then the app is updating, and a cancellation takes all of it back.
  private func settle(
    _ outcome: Promotion.Outcome?, _ promotion: Promotion?, _ number: Int, _ state: InstanceState
  ) throws {
    let id = state.id
    guard let outcome, let promotion else { return activity.end(id, number) }
    activity.settle(id, number) {
      guard activity.takeBack(id, number) else { return }
      // A rack that is being stopped leaves things as they are.
      try? background.start {
        await promotion.takeBack(outcome)
        activity.end(id, number)
      }
    }
    try background.start {
      await outcome.rollout.settle(until: .after(.seconds(600))) {
        activity.isSettling(id, number) && !background.isStopped
      }
      activity.endSettling(id, number)
    }
  }
}

/// A release that is put in force, from the app's code to its services.
struct Promotion: Sendable {
  /// Why it is.
  enum Reason: Sendable {
    /// What is deployed is to stay.
    case deploy
    /// `convox start` asks, with whose end the services end that it brings up.
    case development
    /// Another one is taken back: these services run as they did before it, and no others.
    case rollback(Set<String>)
  }

  /// What it came to.
  struct Outcome: Sendable {
    /// The services as they are rolled out.
    var rollout: ServiceRollout
    /// Those that did not run before.
    var started: Set<String>
    /// All that ran before.
    var before: Set<String>
    /// What `convox start` had changed before.
    var development: DevelopmentRecord?
  }

  let rack: Rack
  let state: InstanceState
  let release: Release
  /// The release in force until then.
  let before: Release?
  let reason: Reason

  /// Carries it out.
  /// - Returns: Nil where no service is to run.
  @concurrent
  func run(until deadline: Deadline) async throws -> Outcome? {
    let touched = Mutex<Set<String>?>(nil)
    do {
      return try await carryOut(until: deadline) { running in touched.withLock { $0 = running } }
    } catch {
      await goBack(to: touched.withLock { $0 })
      throw error
    }
  }

  /// Takes it back after it was carried out: the services that it brought up end, and the release in force before is again.
  func takeBack(_ outcome: Outcome) async {
    do {
      try await rack.stop(outcome.started, of: state)
      try await rack.store(of: state).update { $0.development = outcome.development }
      guard let before else { return try await forget() }
      guard before.id != release.id, let now = try rack.context.store.load(state.id) else { return }
      let back = Promotion(
        rack: rack, state: now, release: before, before: release, reason: .rollback(outcome.before))
      let outcome = try await back.run(until: .after(.seconds(300)))
      await outcome?.rollout.settle(until: .after(.seconds(600))) { !rack.background.isStopped }
    } catch { rack.log.note("\(state.handle): not taken back: \(HTTPFailure(error).message)") }
  }

  /// Before the first release there was no app env.
  private func forget() async throws {
    try await rack.context.store.updateReleases(state.id) { [release] state, history in
      guard history.active == release.id, state.appEnvironment == release.environment else { return }
      state.appEnvironment = [:]
      history.activate(nil)
    }
  }

  /// Has an app that lives from uploads its code as it was.
  /// - Parameter services: Those that ran, where any may have been restarted already.
  private func goBack(to services: Set<String>?) async {
    if case .rollback = reason { return }
    guard rack.isOwn(state), let before else { return }
    await shieldedFromCancellation {
      do {
        let deadline = Deadline.after(.seconds(120))
        guard let workspace = try await rack.workspace(of: before, state), let services,
          let now = try rack.context.store.load(state.id)
        else { return }
        let rollout = try rollout(workspace, now)
        guard try await rollout.running(until: deadline) != nil else { return }
        _ = try await rollout.run(since: Date(), only: services, until: deadline)
      } catch { rack.log.note("\(state.handle): \(HTTPFailure(error).message)") }
    }
  }

  /// - Parameter touching: Called before services are touched, with those that run.
  private func carryOut(
    until deadline: Deadline, touching: @Sendable (Set<String>) -> Void
  ) async throws -> Outcome? {
    let begin = Date()
    let workspace = try await rack.workspace(of: release, state)
    let operation = PromoteOperation(
      context: rack.context, instance: state,
      choice: try rack.runtimeChoice(state)
    ) { rack.log.note("\(state.handle): \($0)") }
    var outcome: Outcome?
    try await operation.run(release.id, in: workspace, until: deadline) { state in
      guard let workspace else { return }
      outcome = try await rollOut(workspace, state, since: begin, until: deadline, touching)
    }
    return outcome
  }

  private func rollOut(
    _ workspace: Workspace, _ state: InstanceState, since begin: Date, until deadline: Deadline,
    _ touching: @Sendable (Set<String>) -> Void
  ) async throws -> Outcome? {
    let rollout = try rollout(workspace, state)
    let running = try await rollout.running(until: deadline).map { Set($0.map(\.service)) }
    let wanted = wanted(running)
    guard running != nil || wanted?.isEmpty != true else { return nil }
    touching(running ?? [])
    let change = try await rollout.run(since: begin, only: wanted, until: deadline)
    let development = try await rack.store(of: state).update { records in
      defer { note(change, running ?? [], in: &records) }
      return records.development
    }
    return Outcome(
      rollout: rollout, started: change.started, before: running ?? [], development: development)
  }

  /// Notes what the end of `convox start` has to stop and to put back.
  private func note(
    _ change: ServiceRollout.Change, _ running: Set<String>, in records: inout ServiceRecords
  ) {
    switch reason {
    case .rollback: return
    case .deploy:
      records.undevelop(records.developed)
      records.development = nil
    case .development:
      let goingOn = running.subtracting(records.developed)
      var development = DevelopmentRecord(
        release: release.id, deployed: deployed(records.development, servicesGoOn: !goingOn.isEmpty))
      development.ended = (records.development?.ended ?? []).union(goingOn.intersection(change.ended))
      development.ended.subtract(change.started)
      records.development = development
      records.develop(change.started)
    }
  }

  /// The release with which the app goes on after `convox start`.
  /// - Parameter last: What an earlier run of it has put in force.
  private func deployed(_ last: DevelopmentRecord?, servicesGoOn: Bool) -> String? {
    if let last, last.release == before?.id { return last.deployed }
    if servicesGoOn { return before?.id ?? "" }
    // The app env of a folder's app is what somebody set for it; an app of uploads is what was deployed.
    return rack.isOwn(state) && before?.build != nil ? before?.id : nil
  }

  private func rollout(_ workspace: Workspace, _ state: InstanceState) throws -> ServiceRollout {
    var wishes = SupervisorProcess.Wishes(workspace: workspace)
    wishes.options.runtime = try rack.runtimeChoice(state).kind
    // The rack's own copy is changed by the rack alone.
    wishes.options.syncs = !rack.isOwn(state)
    return ServiceRollout(context: rack.context, instance: state, wishes: wishes)
  }

  /// The services that are to run; nil for all of the manifest. By a change of the env alone none is started, as somebody
  /// stopped it.
  private func wanted(_ running: Set<String>?) -> Set<String>? {
    switch reason {
    case .development: nil
    case .deploy:
      release.build != nil && (release.build != before?.build || release.id == before?.id)
        ? nil : running ?? []
    case .rollback(let services): services
    }
  }
}
