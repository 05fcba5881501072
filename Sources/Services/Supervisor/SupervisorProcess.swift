package import AppState
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
package import MonotonicTime
package import NativeProcess
import ServiceRouter

/// What is to be known of a supervisor that runs.
package struct SupervisorRecord: Sendable, Hashable, Codable {
  /// Whether it goes on when the terminal that started it is gone.
  package var isDetached: Bool
  /// Whether nobody can connect yet: images are built, hooks run.
  package var isPreparing: Bool?
  /// What the services must not outlive: in the background the supervisor's keeper, which starts another supervisor where
  /// one is killed, else the supervisor itself.
  package var leash: Leash?
  /// The services in its care, for the one that comes after it.
  package var services: [String]?
  /// How the hooks after the start went; nil as long as they have not ended.
  package var afterReady: HookResult?

  /// How hooks went.
  package struct HookResult: Sendable, Hashable, Codable {
    /// Why one failed; nil where none did.
    package var failure: String?
    /// Its last words.
    package var details: [String] = []
  }
}

/// The supervisor as a process: served in the foreground or in the background, found again, stopped.
package struct SupervisorProcess: Sendable {
  /// What the instance's services keep.
  package let folder: ServiceFolder
  private let context: DrydockContext
  private let id: String

  /// The supervisor of an instance.
  package init(context: DrydockContext, id: String) {
    self.context = context
    self.id = id
    folder = ServiceFolder(home: context.home, id: id)
  }

  /// The supervisor as one of drydock's programs.
  package var program: BackgroundProcess<SupervisorRecord> {
    BackgroundProcess(
      name: "the services' supervisor", lockFile: "\(folder.path)/supervising/lock",
      recordFile: "\(folder.path)/supervising/record.json",
      files: SupervisedFiles(folder: "\(folder.path)/supervisor"))
  }

  /// What speaks with it.
  package var client: ControlClient { ControlClient(folder) }

  /// What became of it, once whoever holds its lock has said so.
  func settled() async throws -> BackgroundProcess<SupervisorRecord>.State {
    guard Folder.exists("\(folder.path)/supervising") else { return .stopped }
    let deadline = Deadline.after(.seconds(5))
    var pause = Backoff(limit: .milliseconds(50))
    while true {
      let state = try await program.settled(until: deadline)
      // Between the end of one and its successor, only the keeper is there.
      guard case .stopped = state, !deadline.hasPassed, try isHeld(inspect(program.files)) else {
        return state
      }
      do { try await pause.sleep(until: deadline, program.name) } catch is TimeoutError { return state }
    }
  }

  private func isHeld(_ state: SupervisedState) -> Bool {
    switch state {
    case .running, .settling: true
    case .neverStarted, .exited: false
    }
  }

  /// Whether the one that was started last is not as far as to supervise: images are fetched and built, hooks run.
  package var isPreparing: Bool { program.lastDetails?.isPreparing ?? false }

  /// Whether one runs.
  package func isRunning() async throws -> Bool {
    if case .running = try await settled() { return true }
    return false
  }

  /// Waits until it listens.
  /// - Throws: `DrydockError` with the code and the last words of one that has ended; `TimeoutError`.
  package func waitUntilListening(until deadline: Deadline) async throws {
    var pause = Backoff(limit: .milliseconds(100))
    while try await client.ask(ControlRequest(.status), until: deadline) == nil {
      try await refuseEnded()
      try await pause.sleep(until: deadline, "the services' supervisor")
    }
  }

  /// - Throws: `DrydockError` where it has ended, with what it said last.
  package func refuseEnded() async throws {
    guard case .stopped = try await settled() else { return }
    let isOurs = program.lastDetails?.isDetached == true
    var code = DrydockError.Code.failed
    if isOurs, case .exited(.code(let status), _) = try await settledState(program.files) {
      code = DrydockError.Code(rawValue: status) ?? code
    }
    throw DrydockError(
      code, "the services' supervisor has ended",
      details: isOurs ? tail(logFile: program.files.logFile, lines: 25) : [])
  }

  /// How services are served.
  package struct Wishes: Sendable {
    /// The app's folder and manifest.
    package var workspace: Workspace
    /// What `--env-file` adds to the app env.
    package var extraEnvironment: [String: String] = [:]
    /// The rack whose app env is taken; nil for the local one.
    package var rack: String?
    /// The app env that counts in place of the instance's; nil for the instance's.
    package var appEnvironment: [String: String]?
    /// The services; all of the manifest's where none is named.
    package var services: [String] = []
    /// How they are started.
    package var options = ServiceOptions()
    /// Whether the first one that ends by itself ends all.
    package var exitsOnFailure = false
    /// Whether it goes on when the terminal is gone.
    package var isDetached = false

    /// Everything as usual.
    package init(workspace: Workspace) { self.workspace = workspace }
  }

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
      do {
        let services = try await preparation.prepare(predecessor?.services ?? wishes.services)
        if predecessor == nil { try await preparation.run(\.beforeStart) }
        let result = try await supervise(
          supervisor, wishes, services, preparation, note, runsHooks: predecessor == nil, ready)
        await preparation.close()
        return result
      } catch {
        await preparation.close()
        throw error
      }
    }
  }

  /// The supervisor in whose place this one was started by their keeper, where it had got as far as to supervise.
  private func predecessor(_ leash: Leash) -> SupervisorRecord? {
    program.lastDetails.flatMap { last in
      last.isDetached && last.leash == leash && last.isPreparing == false ? last : nil
    }
  }

  private func supervise(
    _ supervisor: Supervisor, _ wishes: Wishes, _ services: [PreparedService],
    _ preparation: ServicePreparation, _ note: SupervisorNote, runsHooks: Bool,
    _ ready: @escaping @Sendable () -> Void
  ) async throws -> Supervisor.Result {
    let server = ControlServer(
      path: folder.socket, supervisor: supervisor, prepare: { try await preparation.prepare($0) },
      isNamed: { try preparation.isNamed($0) },
      remember: { try await remember($0) }, end: { [context] in await $0.end(context) },
      willAdd: { names in try await ServiceStore(folder).update { $0.undevelop(names) } },
      changed: { names in try? note.change { $0.services = names } })
    return try await withThrowingTaskGroup(of: Supervisor.Result?.self) { group in
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
      group.addTask {
        await EngineWatch(context: context, id: id, wishes: wishes) { supervisor.tell($0) }.run()
        return nil
      }
      group.addTask {
        await LogDrains(context: context, id: id, folder: folder) { supervisor.tell($0) }.run()
        return nil
      }
      group.addTask {
        await LiveServices(preparation: preparation, supervisor: supervisor).run()
        return nil
      }
      group.addTask {
        let isReady = await supervisor.waitUntilReady(services.map(\.spec.name))
        guard isReady, !Task.isCancelled else { return nil }
        var hooks = SupervisorRecord.HookResult()
        do {
          if runsHooks { try await preparation.run(\.afterReady) }
        } catch is CancellationError { return nil } catch {
          // What runs goes on: it is ready, and somebody looks at it.
          let error = DrydockError(error)
          supervisor.tell(SupervisorEvent(.failed, nil, error.message, details: error.details))
          hooks = SupervisorRecord.HookResult(failure: error.message, details: error.details)
        }
        try? note.change { [hooks] in $0.afterReady = hooks }
        let timers = try preparation.timers(of: Set(services.map(\.spec.name)))
        await TimerClock(
          runOnce: { try await preparation.run($0, number: $1) }, tell: { supervisor.tell($0) }
        ).run(timers)
        return nil
      }
      defer { group.cancelAll() }
      // The server ends with the supervisor, or by a cancellation that ends both.
      while let ended = try await group.next() {
        if let ended { return ended }
      }
      return .stopped
    }
  }

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
