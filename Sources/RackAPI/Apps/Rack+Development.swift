import AppState
import LocalServer
import MonotonicTime
import Services

extension Rack {
  /// How long a log stream of `convox start` may be gone before the tool counts as ended.
  private static var patience: Duration { .seconds(10) }

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

  private func endAbandoned(_ app: InstanceState, since opened: Int) async {
    let deadline = Deadline.after(Self.patience)
    while !deadline.hasPassed {
      guard developments.isAbandoned(app.id, since: opened), !background.isStopped else { return }
      do { try await Task.sleep(for: .milliseconds(250), clock: .suspending) } catch { return }
    }
    guard developments.isAbandoned(app.id, since: opened) else { return }
    log.note("\(app.handle): convox start is gone: what it started is stopped")
    do { try await endDevelopment(app) } catch { log.note("\(app.handle): \(HTTPFailure(error).message)") }
  }

  /// Stops what runs of `convox start` have started, and the supervisor where nothing else is left in its care.
  func endDevelopment(_ app: InstanceState) async throws {
    let started = developments.take(app.id)
    guard !started.isEmpty else { return }
    let supervisor = SupervisorProcess(context: context, id: app.id)
    let status = try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(10)))
    let running = Set((status ?? []).map(\.service))
    let ending = running.intersection(started)
    let stop = StopServices(context: context, id: app.id)
    if running.subtracting(started).isEmpty {
      _ = try await stop.run([])
    } else if !ending.isEmpty {
      _ = try await stop.run(ending.sorted())
    }
  }
}
