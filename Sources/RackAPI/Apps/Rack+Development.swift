import AppState
import Emulator
import LocalServer
import MonotonicTime
import Services

extension Rack {
  /// Carries a log stream of an app on. With the last one of a `convox start` that was killed, the services end that it
  /// started.
  /// - Parameter since: The stream's header `Since`, by which those of `convox start` are known.
  func following<Value>(
    _ app: InstanceState, since: String?, _ body: () async throws -> Value
  ) async rethrows -> Value {
    guard since == "1s" else { return try await body() }
    developments.open(app.id)
    defer {
      if let opened = developments.close(app.id) {
        // A rack that is being stopped stops no services.
        try? background.start { await endAbandoned(app, since: opened) }
      }
    }
    return try await body()
  }

  /// Looks after what `convox start` brought up before this rack was started: the tool opens its log stream again within a
  /// second, unless it has ended meanwhile.
  func endForgotten() async {
    let apps = context.store.apps().filter(isDeveloping)
    await withDiscardingTaskGroup { group in
      for app in apps { group.addTask { await endAbandoned(app, since: 0) } }
    }
  }

  private func endAbandoned(_ app: InstanceState, since opened: Int) async {
    guard isDeveloping(app) else { return }
    let deadline = Deadline.after(patience)
    while !deadline.hasPassed {
      guard developments.isAbandoned(app.id, since: opened), !background.isStopped else { return }
      do { try await Task.sleep(for: min(patience, Duration.milliseconds(250)), clock: .suspending) } catch {
        return
      }
    }
    guard developments.isAbandoned(app.id, since: opened), !background.isStopped else { return }
    log.note("\(app.handle): convox start is gone: what it started is stopped")
    do {
      let deadline = Deadline.after(.seconds(300))
      let number = try await activity.begin("updating", app.id, until: deadline)
      defer { activity.end(app.id, number) }
      try await endDevelopment(app, until: deadline)
    } catch { log.note("\(app.handle): \(HTTPFailure(error).message)") }
  }

  func store(of app: InstanceState) -> ServiceStore {
    ServiceStore(ServiceFolder(home: context.home, id: app.id))
  }

  /// Whether the end of `convox start` has something to do; not where nobody can tell.
  private func isDeveloping(_ app: InstanceState) -> Bool {
    (try? store(of: app).load())?.isDeveloping ?? false
  }

  /// Stops what runs of `convox start` have started, unless another one looks on, and the supervisor where nothing else is
  /// left in its care. What was deployed goes on with the release that was deployed.
  /// - Returns: How that release was put back in force, where services go on with it.
  @discardableResult
  func endDevelopment(
    _ app: InstanceState, until deadline: Deadline
  ) async throws -> (promotion: Promotion, outcome: Promotion.Outcome)? {
    let records = try store(of: app).load()
    guard records.isDeveloping, !developments.hasOthers(app.id) else { return nil }
    let staying = try await staying(app, records, until: deadline)
    try await stop(records.developed, of: app)
    // Only now, and in this order: a rack that ends in between has to look again.
    try await store(of: app).update { $0.undevelop(records.developed) }
    let back = try await goBack(app, records.development, staying)
    let outcome = try await back?.run(until: deadline)
    try await store(of: app).update { now in
      if let last = records.development, last.deployed != nil, now.development?.release == last.release {
        now.development = nil
      }
    }
    return back.flatMap { back in outcome.map { (back, $0) } }
  }

  /// The services that go on after `convox start`: those that it found and that nobody has stopped meanwhile.
  private func staying(
    _ app: InstanceState, _ records: ServiceRecords, until deadline: Deadline
  ) async throws -> Set<String> {
    let supervisor = SupervisorProcess(context: context, id: app.id)
    guard try await supervisor.isRunning() else { return [] }
    try await supervisor.waitUntilListening(until: deadline)
    let status = try await supervisor.client.ask(ControlRequest(.status), until: deadline) ?? []
    return Set(status.map(\.service)).subtracting(records.developed)
      .union(records.development?.ended ?? [])
  }

  /// The way back to what was deployed; nil where nothing was, or where something else is in force by now.
  private func goBack(
    _ app: InstanceState, _ development: DevelopmentRecord?, _ staying: Set<String>
  ) async throws -> Promotion? {
    guard let development, let deployed = development.deployed,
      let state = try context.store.load(app.id)
    else { return nil }
    let history = try await context.store.releases(of: app.id)
    if try await goesOnAsItIs(state, development, history.release(deployed)) { return nil }
    guard let release = try await goingOn(state, development, deployed, history) else { return nil }
    return Promotion(
      rack: self, state: state, release: release, before: release, reason: .rollback(staying))
  }

  /// Whether nothing has to be restarted: a folder's app has its code from there, and has the env that was deployed.
  private func goesOnAsItIs(
    _ state: InstanceState, _ development: DevelopmentRecord, _ before: Release?
  ) async throws -> Bool {
    guard !isOwn(state), development.ended.isEmpty else { return false }
    return try await context.store.updateReleases(state.id) { state, history in
      guard history.active == development.release, state.appEnvironment == before?.environment ?? [:] else {
        return false
      }
      if let before { history.activate(before.id) }
      return true
    }
  }

  /// The release with which a deployed app goes on.
  private func goingOn(
    _ state: InstanceState, _ development: DevelopmentRecord, _ deployed: String, _ history: ReleaseHistory
  ) async throws -> Release? {
    guard let active = history.active.flatMap(history.release) else { return nil }
    let before = history.release(deployed)
    if active.id == development.release {
      guard before == nil, deployed.isEmpty else { return before }
      return try await context.store.createRelease(
        state.id, environment: [:], description: "app env before convox start", build: "")
    }
    // The app env was changed meanwhile, and stays so; the code was not deployed.
    let build = history.release(development.release)?.build
    guard isOwn(state), let before, build != nil, active.build == build else { return nil }
    return try await context.store.createRelease(
      state.id, environment: active.environment, description: before.description, build: before.build ?? "")
  }

  /// Stops services, and the supervisor where nothing else is left in its care.
  func stop(_ services: Set<String>, of app: InstanceState) async throws {
    let supervisor = SupervisorProcess(context: context, id: app.id)
    guard try await supervisor.isRunning() else { return }
    // One that takes over from a killed one does not listen yet.
    let deadline = Deadline.after(.seconds(60))
    try await supervisor.waitUntilListening(until: deadline)
    let status = try await supervisor.client.ask(ControlRequest(.status), until: deadline) ?? []
    let running = Set(status.map(\.service))
    let ending = running.intersection(services)
    let stop = StopServices(context: context, id: app.id)
    if ending == running {
      _ = try await stop.run([])
    } else if !ending.isEmpty {
      _ = try await stop.run(ending.sorted())
    }
  }
}
