import AppState
import ConvoxManifest
import Emulator
import MonotonicTime
import NativeProcess
import ServiceRouter

/// The supervisor of this process.
extension SupervisorProcess {
  /// Serves until everything is stopped or the task is cancelled, which stops everything.
  /// - Parameters:
  ///   - observe: Told of what happens, also when the task was cancelled.
  ///   - ready: Called once others can connect.
  /// - Throws: `NativeProcessError` with `.alreadyRunning`; what preparing the services throws.
  package func serve(
    _ wishes: Wishes, observe: @escaping @Sendable (SupervisorEvent) -> Void,
    ready: @escaping @Sendable () -> Void
  ) async throws -> Supervisor.Result {
    try folder.prepare()
    try Folder.make("\(folder.path)/supervising", mode: 0o700)
    return try await program.holding {
      let leash = try wishes.isDetached ? Leash.toParent() : Leash.toThisProcess()
      let predecessor = predecessor(leash)
      if predecessor == nil { try await ServiceStore(folder).update { $0.forgetDevelopment() } }
      let note = SupervisorNote(program, leash: leash, isDetached: wishes.isDetached)
      try note.change { $0.services = predecessor?.services }
      let routers = ServiceRouters()
      let notice: @Sendable (String) -> Void = { observe(SupervisorEvent(.notice, nil, $0)) }
      let preparation = try await preparation(wishes, leash, routers, notice)
      let supervisor = Supervisor(
        traffic: routers, exitsOnFailure: wishes.exitsOnFailure, observe: observe, check: Self.check)
      return try await preparation.closing {
        let services = try await preparation.prepare(predecessor?.services ?? wishes.services)
        if predecessor == nil { try await preparation.run(\.beforeStart) }
        return try await Supervision(
          process: self, wishes: wishes, supervisor: supervisor, preparation: preparation, note: note,
          runsHooks: predecessor == nil
        ).run(services, ready: ready)
      }
    }
  }

  /// The supervisor in whose place this one was started by their keeper, where it had got as far as to supervise.
  private func predecessor(_ leash: Leash) -> SupervisorRecord? {
    program.lastDetails.flatMap { last in
      last.isDetached && last.leash == leash && last.isPreparing == false ? last : nil
    }
  }

  /// What makes services ready.
  /// - Parameter leashName: The file that says what goes with whoever holds the leash.
  func preparation(
    _ wishes: Wishes, _ leash: Leash, _ routers: ServiceRouters, leashName: String = "leash",
    _ notice: @escaping @Sendable (String) -> Void
  ) async throws -> ServicePreparation {
    let keeper = try Keeper.locate(environment: context.environment)
    return ServicePreparation(
      context: context, workspace: wishes.workspace, id: id, extraEnvironment: wishes.extraEnvironment,
      rack: wishes.rack, options: wishes.options, keeper: keeper, leash: leash,
      mapsPorts: try await keeper.canMapPorts(until: .after(.seconds(10))),
      mountsFolders: try await mountsFolders(wishes), routers: routers,
      site: ContainerSite(context: context, id: id, keeper: keeper, leash: leash, leashName: leashName),
      notice: notice, appEnvironment: wishes.appEnvironment)
  }

  /// Asked only where a service has a volume, or an image with the app's files at a path of their own, as the answer takes a process.
  private func mountsFolders(_ wishes: Wishes) async throws -> Bool {
    guard let manifest = try? wishes.workspace.load(appEnvironment: [:], catalog: context.catalog),
      manifest.services.allSatisfy({ $0.volumes.isEmpty && TreePlace(of: $0, in: wishes.workspace) == nil })
    else { return try await MountHelper.locate(context).isUsable(context) }
    return true
  }

  private static let check: @Sendable (ReplicaEndpoint, HealthRule) async -> String? = { endpoint, rule in
    let probe = HealthCheck(
      rule.path.map { rule.speaksTLS ? .https(path: $0) : .http(path: $0) } ?? .connect, timeout: rule.timeout
    )
    switch await probe.run(Backend(id: "", host: endpoint.host, port: endpoint.port)) {
    case .healthy: return nil
    case .unhealthy(let reason): return reason
    }
  }
}
