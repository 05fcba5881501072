import AppState
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
    let apps = context.store.apps().filter { app in
      ((try? developed(app)) ?? []).isEmpty == false
    }
    await withDiscardingTaskGroup { group in
      for app in apps { group.addTask { await endAbandoned(app, since: 0) } }
    }
  }

  private func endAbandoned(_ app: InstanceState, since opened: Int) async {
    guard let started = try? developed(app), !started.isEmpty else { return }
    let deadline = Deadline.after(patience)
    while !deadline.hasPassed {
      guard developments.isAbandoned(app.id, since: opened), !background.isStopped else { return }
      do { try await Task.sleep(for: min(patience, Duration.milliseconds(250)), clock: .suspending) } catch {
        return
      }
    }
    guard developments.isAbandoned(app.id, since: opened), !background.isStopped else { return }
    log.note("\(app.handle): convox start is gone: what it started is stopped")
    do { try await endDevelopment(app) } catch { log.note("\(app.handle): \(HTTPFailure(error).message)") }
  }

  func store(of app: InstanceState) -> ServiceStore {
    ServiceStore(ServiceFolder(home: context.home, id: app.id))
  }

  /// The services that runs of `convox start` have started.
  private func developed(_ app: InstanceState) throws -> Set<String> { try store(of: app).load().developed }

  /// Stops what runs of `convox start` have started, unless another one looks on, and the supervisor where nothing else is
  /// left in its care.
  func endDevelopment(_ app: InstanceState) async throws {
    let started = try developed(app)
    guard !started.isEmpty, !developments.hasOthers(app.id) else { return }
    try await stop(started, of: app)
    // Only now: a rack that ends in between has to look again.
    try await store(of: app).update { $0.undevelop(started) }
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
