import ConvoxManifest
import DrydockBase
import MonotonicTime

/// A supervisor at work: with the socket by which others talk to it, and what goes on beside it.
struct Supervision: Sendable {
  let process: SupervisorProcess
  let wishes: SupervisorProcess.Wishes
  let supervisor: Supervisor
  let preparation: ServicePreparation
  let note: SupervisorNote
  /// Whether hooks are run, which is once whatever number of supervisors come one after the other.
  let runsHooks: Bool

  private var folder: ServiceFolder { process.folder }

  /// Works until everything is stopped or the task is cancelled.
  /// - Parameter ready: Called once others can connect.
  func run(_ services: [PreparedService], ready: @escaping @Sendable () -> Void) async throws
    -> Supervisor.Result
  {
    try await withThrowingTaskGroup(of: Supervisor.Result?.self) { group in
      group.addTask { await supervisor.run() }
      group.addTask {
        try await server.run {
          // One that cannot say so is only taken for one that prepares.
          try? note.change { ($0.isPreparing, $0.services) = (false, services.map(\.spec.name)) }
          ready()
        }
        return nil
      }
      await supervisor.add(services)
      for companion in companions(services.map(\.spec.name)) {
        group.addTask {
          try await companion()
          return nil
        }
      }
      defer { group.cancelAll() }
      // The server ends with the supervisor, or by a cancellation that ends both.
      while let ended = try await group.next() {
        if let ended { return ended }
      }
      return .stopped
    }
  }

  private var server: ControlServer {
    ControlServer(
      path: folder.socket, supervisor: supervisor, prepare: { try await preparation.prepare($0) },
      isNamed: { try preparation.isNamed($0) },
      remember: { try await process.remember($0) }, end: { await $0.end(process.context) },
      willAdd: { names in try await ServiceStore(folder).update { $0.undevelop(names) } },
      changed: { names in noteDown { $0.services = names } }, recordFailure: { note.failure })
  }

  /// What goes on beside the services until they are stopped.
  private func companions(_ services: [String]) -> [@Sendable () async throws -> Void] {
    [
      {
        await EngineWatch(context: process.context, id: process.id, wishes: wishes) { supervisor.tell($0) }
          .run()
      },
      {
        await LogDrains(context: process.context, id: process.id, folder: folder) { supervisor.tell($0) }
          .run()
      },
      { await LiveServices(preparation: preparation, supervisor: supervisor).run() },
      { try await afterReady(services) },
    ]
  }

  /// Once the services that were started first are ready: hooks, then timers.
  private func afterReady(_ services: [String]) async throws {
    guard await supervisor.waitUntilReady(services), !Task.isCancelled else { return }
    guard let hooks = await runHooks() else { return }
    noteDown { $0.afterReady = hooks }
    await TimerClock(
      runOnce: { try await preparation.run($0, number: $1) }, tell: { supervisor.tell($0) }
    ).run(try preparation.timers(of: Set(services)))
  }

  /// Writes down what one that comes after this supervisor has to know. What cannot be written is told: that one would
  /// go on with what was there before.
  private func noteDown(_ body: (inout SupervisorRecord) -> Void) {
    do { try note.change(body) } catch { supervisor.tell(SupervisorEvent(failure: error)) }
  }

  /// How they went; nil where that is not known, because everything ends.
  private func runHooks() async -> SupervisorRecord.HookResult? {
    do {
      if runsHooks { try await preparation.run(\.afterReady) }
      return SupervisorRecord.HookResult()
    } catch is CancellationError { return nil } catch {
      // What runs goes on: it is ready, and somebody looks at it.
      let error = DrydockError(error)
      supervisor.tell(SupervisorEvent(.failed, nil, error.message, details: error.details))
      return SupervisorRecord.HookResult(failure: error.message, details: error.details)
    }
  }
}
