import AppState
import ConvoxEnvironment
import DrydockBase
import Engines
import Essentials
import HealthProbes
import MonotonicTime
import Planning
import Resources
import Servers

/// Brings one resource to where the plan wants it.
struct ResourceStep: Sendable {
  var item: Plan.Item
  let spec: ResourceSpec?
  let source: ServerSource?
  let observed: Observation?
  let runtime: any Runtime
  let home: StateHome
  let deadline: Deadline
  let startingTogether: Int
  let ledger: Reconciler
  let progress: ProgressSink

  func run() async throws -> ResourceOutcome {
    let begin = SuspendingClock.now
    var outcome = ResourceOutcome(
      resource: item.resource, type: item.type, wantedVersion: item.version.isEmpty ? nil : item.version,
      runtime: runtime.kind, status: .running, action: item.action, changes: item.changes, seconds: 0)
    switch item.action {
    case .external:
      // Its own server serves nobody any more.
      if observed?.isRunning == true, let server = spec?.engine.server {
        progress("stopping")
        try await runtime.stop(item.resource, steps: server.stopSteps)
      }
      outcome.status = .external
      outcome.runtime = nil
      outcome.url = spec?.externalURL.map(maskingPassword(inURL:))
    case .directory:
      outcome.runtime = nil
      outcome.drift = try await makeDirectory()
    case .stop:
      try await stop()
      outcome.status = .removed
    case .verify, .start, .create, .promote:
      try await bringUp(&outcome)
    }
    if [.external, .directory].contains(item.action), let spec {
      try await ledger.recordOptions(spec.name, spec.options)
    }
    outcome.seconds = SuspendingClock.now - begin > .zero ? (SuspendingClock.now - begin).seconds : 0
    return outcome
  }

  private func makeDirectory() async throws -> String? {
    guard let spec else { return nil }
    let state = await ledger.state
    return try SharedDirectory(
      resource: state.storage(of: spec.name), options: spec.options, home: home, id: state.id
    ).make()
  }

  private func stop() async throws {
    if let server = ledger.catalog.server(item.type) {
      progress("stopping")
      try await runtime.stop(item.resource, steps: server.stopSteps)
    }
    try await ledger.recordRemoved(item.resource)
  }

  private func bringUp(_ outcome: inout ResourceOutcome) async throws {
    guard let spec, let engine = spec.engine.server else { return }
    let record = await ledger.record(of: item.resource)
    let source = source ?? ServerSource(.image("", isLocal: true), version: nil)
    if let version = source.version, let obstacle = engine.obstacle(options: spec.options, version: version) {
      throw DrydockError(
        .unavailable, "resource \(spec.name): \(obstacle)", suggestion: "name a newer version in convox.yml")
    }
    if item.action == .verify, observed?.isPaused == true {
      progress("going on")
      try await runtime.goOn(item.resource)
    }
    if item.action.isStart, observed?.isRunning == true {
      progress("stopping")
      try await stopStarted(engine)
    }
    if item.action != .verify {
      try await ledger.recordSource(spec.name, version: source.version?.description, standIn: source.standIn)
    }
    let isReplica = spec.source != nil || item.action == .promote
    let report: ServerReport
    if isReplica {
      var replica = ReplicaStep(step: self, spec: spec, engine: engine, source: source)
      report = try await replica.run()
    } else {
      report = try await startAndProve(spec, engine, source)
    }
    if await !ledger.hasVerifiedData(spec.name) {
      try await runtime.settle(launch(spec, engine, source))
    }
    let version = ServerVersion(in: report.version)?.description ?? report.version
    outcome.version = version
    let standIn = item.action == .verify ? record?.standIn : source.standIn
    let drift = Drift.describe(spec, running: version, standIn: standIn)
    let confinement = try await confine(spec, engine, source, record, &outcome)
    if spec.namesVersion || standIn != nil {
      outcome.drift = drift
    } else if drift != nil, record?.version != version {
      // Once, when it begins; `check` says it whenever it is asked.
      outcome.notice = outcome.notice ?? Drift.ofDefault(spec, running: version)
    }
    try await ledger.recordReady(
      spec.name, version: version, wanted: spec.version, standIn: standIn, options: spec.options,
      confinement: confinement, accepted: spec.accepted)
    outcome.url = await ledger.state.endpoint(of: spec.name, engine: engine)?.maskedURL
  }

  /// Takes from the app's account what data of an earlier drydock left it, once.
  /// - Returns: The generation that the data has now.
  private func confine(
    _ spec: ResourceSpec, _ engine: any ServerEngine, _ source: ServerSource, _ record: ResourceRecord?,
    _ outcome: inout ResourceOutcome
  ) async throws -> Int? {
    let wanted = engine.confinement
    // A replica has what its source has, and takes no changes.
    guard (record?.confinement ?? 0) < wanted, spec.source == nil else { return record?.confinement }
    let isNew = item.action != .verify && record?.dataVersion == nil && observed?.hasData != true
    guard !isNew else { return wanted }
    let launch = await launch(spec, engine, source)
    do {
      let administrator = runtime.target(launch, administrator: true)
      outcome.notice = try await engine.confine(administrator, launch.request, until: deadline)
      return wanted
    } catch let failure as ProbeFailure {
      // The data serves its app all the same; the next up tries again.
      outcome.notice = "its account could not be kept from the server's programs and files: \(failure)"
      return record?.confinement
    }
  }

  /// Stops the server. A container whose data never served a client has nothing to flush, since its data is made anew;
  /// an image's first start also takes long to heed a signal.
  private func stopStarted(_ engine: any ServerEngine, ofStart: Bool = false) async throws {
    let hasServed = await ledger.hasVerifiedData(item.resource)
    let isWorthless = runtime.kind == .docker && !hasServed
    let steps = ofStart ? engine.stopSteps.ofStart : engine.stopSteps
    try await runtime.stop(item.resource, steps: isWorthless ? [StopStage(.kill, .seconds(5))] : steps)
  }

  /// Starts and proves; moves on to another port while something else sits on the one it has. A server that was
  /// running before stays where its clients know it.
  ///
  /// A new replica is loaded with its source's data once its administrator can log in.
  ///
  /// One that runs when the plan is made and ends before it is proved is started as one that had ended before.
  func startAndProve(
    _ spec: ResourceSpec, _ engine: any ServerEngine, _ source: ServerSource,
    afterAdministrator pair: ReplicaPair? = nil, alreadyRuns: Bool = false
  ) async throws -> ServerReport {
    do {
      return try await attempt(spec, engine, source, pair, alreadyRuns)
    } catch let error where item.action == .verify && !(error is CancellationError) {
      guard case .dead(let reason) = try await runtime.liveness(spec.name) else { throw error }
      progress("ended meanwhile (\(reason)), starting it again")
      var again = self
      again.item.action = .start
      let data = observed?.dataVersion ?? source.version
      let found = try await runtime.resolve(spec, data: data, strict: false)
      return try await again.attempt(spec, engine, found, pair, false)
    }
  }

  private func attempt(
    _ spec: ResourceSpec, _ engine: any ServerEngine, _ source: ServerSource, _ pair: ReplicaPair?,
    _ alreadyRuns: Bool
  ) async throws -> ServerReport {
    var attempts = 0
    while true {
      let launch = await launch(spec, engine, source, following: pair?.source)
      do {
        if item.action != .verify, !alreadyRuns {
          try await runtime.start(launch, progress: progress, until: deadline)
        }
        return try await prove(launch, loading: pair)
      } catch let taken as PortTakenError where attempts < 20 && item.action != .verify {
        attempts += 1
        try await runtime.stop(spec.name, steps: engine.stopSteps)
        try await ledger.movePort(of: spec.name, from: taken)
        progress("port \(taken.port) is taken by \(taken.owner ?? "another process"), trying the next")
      } catch let late as TimeoutError {
        throw DrydockError(
          .notReady, "resource \(spec.name) was not ready in time: \(late)",
          suggestion: "its log: drydock logs \(spec.name); more time: --timeout SECONDS",
          details: (try? await runtime.log(spec.name, lines: 10)) ?? [])
      } catch is CancellationError {
        // What this command started and nobody waits for any more is not left behind.
        if item.action != .verify {
          await shieldedFromCancellation {
            do { try await stopStarted(engine, ofStart: true) } catch {
              progress("not stopped again: \(DrydockError(error).message)")
            }
          }
        }
        throw CancellationError()
      }
    }
  }

  /// Everything needed to start the server as things stand now.
  func launch(
    _ spec: ResourceSpec, _ engine: any ServerEngine, _ source: ServerSource, following origin: Launch? = nil
  ) async -> Launch {
    var launch = Launch(
      spec: spec, engine: engine, request: await ledger.request(for: spec.name, options: spec.options),
      source: source, hasVerifiedData: await ledger.hasVerifiedData(spec.name))
    let record = await ledger.record(of: spec.name)
    launch.request.version = source.version ?? record?.version.flatMap(ServerVersion.init(in:))
    launch.source.version = launch.request.version
    // What runs already was started as whatever the record says.
    launch.source.standIn = item.action == .verify ? record?.standIn : source.standIn
    launch.request.replica = await ledger.link(of: spec.name, to: origin, runtime: runtime)
    return launch
  }

  private func prove(_ launch: Launch, loading pair: ReplicaPair?) async throws -> ServerReport {
    // What an earlier command started and did not see through is as fresh as what this one starts.
    let isFresh = !launch.hasVerifiedData && (item.action != .verify || runtime.kind == .docker)
    let proof = ReadinessProof(
      launch: launch, runtime: runtime, isFresh: isFresh,
      startingTogether: startingTogether, pair: pair, progress: progress)
    return try await proof.run(until: deadline)
  }
}
