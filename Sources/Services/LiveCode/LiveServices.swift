import AppState
import DrydockBase
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
    let code = LiveCode(needs(root, checks), journal: preparation.journal)
    let definitions = definitions(code)
    await withDiscardingTaskGroup { group in
      let events = supervisor.events()
      group.addTask {
        for await event in events where event.kind == .started || event.kind == .adopted {
          if let replica = event.replica, replica.number > 0 { code.started(replica.service) }
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

  private func needs(_ root: DirectoryDescriptor, _ checks: Inbox<Void>) -> LiveCode.Needs {
    let (preparation, supervisor) = (preparation, supervisor)
    return LiveCode.Needs(
      root: root,
      plan: { try await preparation.livePlan(of: await kinds()) },
      fallback: LivePlan(services: [], controls: preparation.manifestControls),
      target: { EngineTarget(containers: try await preparation.site.open().containers) },
      renew: { name in
        guard await supervisor.status.contains(where: { $0.service == name && $0.desired > 0 }) else {
          return
        }
        await supervisor.replace(try await preparation.prepare([name]))
      },
      image: { try await preparation.currentImage(of: $0) },
      manifestChanged: { checks.post(()) },
      tell: { supervisor.tell($0) })
  }

  private func definitions(_ code: LiveCode) -> DefinitionWatch {
    DefinitionWatch(
      folder: "\(preparation.context.home.root)/instances",
      definitions: { try preparation.definitions(of: Array(await kinds().keys)) },
      book: preparation.definitions, renew: { code.renew($0, because: $1) }, tell: { tell($0) })
  }

  private func kinds() async -> [String: ServiceKind] {
    Dictionary(await supervisor.status.map { ($0.service, $0.kind) }) { $1 }
  }

  private func tell(_ error: any Error) { supervisor.tell(SupervisorEvent(failure: error)) }
}

extension SupervisorEvent {
  /// Something that could not be done.
  init(failure: any Error) {
    let error = DrydockError(failure)
    self.init(
      .failed, nil, error.message, details: error.details + (error.suggestion.map { [$0] } ?? []))
  }
}
