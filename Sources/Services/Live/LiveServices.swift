import AppState
import DrydockBase
import LiveCode
import LocalFiles

/// Keeps the services of a supervisor as their files and variables are.
struct LiveServices: Sendable {
  let preparation: ServicePreparation
  let supervisor: Supervisor

  /// Works until it is cancelled.
  func run() async {
    let root: DirectoryDescriptor
    do {
      root = try DirectoryDescriptor(preparation.workspace.folder.path, followingLink: true)
    } catch { return tell(error) }
    let checks = Inbox<Void>()
    let app = SupervisedApp(
      root: root, preparation: preparation, supervisor: supervisor, manifestChecks: checks)
    let code = LiveCode(app, journal: preparation.journal)
    let definitions = definitions(code)
    await withDiscardingTaskGroup { group in
      let events = supervisor.events()
      group.addTask {
        for await event in events where event.kind == .started || event.kind == .adopted {
          if let replica = event.replica, replica.isKept { code.started(replica.service) }
        }
      }
      group.addTask { await definitions.run() }
      group.addTask {
        while await checks.next() != nil { await definitions.look() }
      }
      await code.run()
      group.cancelAll()
    }
  }

  private func definitions(_ code: LiveCode) -> DefinitionWatch {
    DefinitionWatch(
      folder: "\(preparation.context.home.root)/instances",
      definitions: { try preparation.definitions(of: Array(await supervisor.kinds.keys)) },
      book: preparation.definitions, renew: { code.renew($0, because: $1) }, tell: { tell($0) })
  }

  private func tell(_ error: any Error) { supervisor.tell(SupervisorEvent(failure: error)) }
}

/// An app under a supervisor, to which its code is carried.
private struct SupervisedApp: LiveApp {
  let root: DirectoryDescriptor
  let preparation: ServicePreparation
  let supervisor: Supervisor
  let manifestChecks: Inbox<Void>

  var fallback: LivePlan { LivePlan(services: [], controls: preparation.manifestControls) }

  func plan() async throws -> LivePlan { try await preparation.livePlan(of: await supervisor.kinds) }

  func target() async throws -> any CodeTarget {
    EngineTarget(containers: try await preparation.site.open().containers) { name in
      ServiceReplica(name: name).flatMap { $0.isKept ? $0.service : nil }
    }
  }

  func image(of service: String) async throws -> String? { try await preparation.currentImage(of: service) }

  func renew(_ service: String) async throws {
    // One that was stopped meanwhile stays so.
    guard await supervisor.status.contains(where: { $0.service == service && $0.desired > 0 }) else { return }
    await supervisor.replace(try await preparation.prepare([service]))
  }

  func manifestChanged() { manifestChecks.post(()) }

  func tell(_ event: LiveEvent) {
    switch event {
    case .synced(let line): supervisor.tell(SupervisorEvent(.synced, nil, line))
    case .renewing(let line): supervisor.tell(SupervisorEvent(.notice, nil, line))
    case .failed(let error): supervisor.tell(SupervisorEvent(failure: error))
    }
  }
}

extension Supervisor {
  /// How each of its services runs.
  fileprivate var kinds: [String: ServiceKind] {
    Dictionary(status.map { ($0.service, $0.kind) }) { $1 }
  }
}

extension SupervisorEvent {
  /// Something that could not be done.
  init(failure: any Error) {
    let error = DrydockError(failure)
    self.init(
      .failed, nil, error.message, details: error.details + (error.suggestion.map { [$0] } ?? []))
  }
}
