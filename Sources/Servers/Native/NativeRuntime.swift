package import AppState
package import ConvoxManifest
import DrydockBase
package import Engines
import Essentials
package import HealthProbes
package import MonotonicTime
package import NativeProcess
package import Planning
import PortListeners

/// Engines installed on this machine, each under its keeper.
package struct NativeRuntime: Runtime {
  package let kind = RuntimeKind.native
  package let id: String
  package let home: StateHome
  package let keeper: Keeper
  package let discovery: NativeDiscovery
  package let environment: [String: String]
  private let catalog: ResourceCatalog
  /// What is recorded of the instance; nil where nothing is.
  package var state: InstanceState?
  /// What its servers must not outlive; nil for servers that go on.
  package var leash: Leash?

  /// The native runtime of one instance.
  package init(
    id: String, home: StateHome, keeper: Keeper, environment: [String: String], catalog: ResourceCatalog
  ) {
    self.id = id
    self.home = home
    self.keeper = keeper
    self.discovery = NativeDiscovery(environment: environment, banners: ServerBanners(cache: home.cache))
    self.environment = environment
    self.catalog = catalog
  }

  package func layout(_ resource: String) -> NativeLayout {
    let stored = state?.storage(of: resource) ?? resource
    return NativeLayout(folder: home.resource(stored, of: id), sockets: home.socketFolder(stored, of: id))
  }

  package func observe(_ resources: [String]) async throws -> [String: Observation] {
    var observed: [String: Observation] = [:]
    for resource in resources { observed[resource] = try await observe(resource, layout(resource)) }
    return observed
  }

  private func observe(_ resource: String, _ layout: NativeLayout) async throws -> Observation {
    let version = layout.dataVersion
    let condition: Observation.Condition
    var processID: Int?
    var (isStopping, isOrphaned) = (false, false)
    // An engine that has just been killed is one that runs to nobody: wait until its keeper says so.
    switch try await settledState(layout.files) {
    case .neverStarted:
      isOrphaned =
        try mayBeOrphaned(resource, layout)
        && !orphans(of: layout.files, user: engineUser(resource)).isEmpty
      condition = isOrphaned ? .running(since: nil) : Folder.exists(layout.data) ? .stopped : .absent
    case .running(let engine):
      condition = .running(since: engine.startedAt)
      processID = Int(engine.processID)
      // A start takes the mark away before anything runs.
      isStopping = layout.stopMark.isSet
      isOrphaned = !Folder.exists(layout.data)
    case .settling:
      condition = .running(since: nil)
      // Children of an engine that has ended hold its lock still.
      isStopping = true
    case .exited(let reason, _):
      // An end that nobody watched is the machine going down, far more often than anything else.
      condition = layout.stopMark.isSet || reason == .unknown ? .stopped : .crashed("\(reason)")
    }
    var seen = Observation(
      condition, processID: processID, hasData: Folder.exists(layout.data), dataVersion: version,
      isStopping: isStopping)
    seen.isOrphaned = isOrphaned
    return seen
  }

  /// Whether it once ran, and nothing here says what became of it. To look for what runs takes a while.
  private func mayBeOrphaned(_ resource: String, _ layout: NativeLayout) -> Bool {
    state?.resources[resource]?.version != nil && !Folder.exists(layout.files.folder)
  }

  /// As whom the engine of a resource runs that left no record.
  private func engineUser(_ resource: String) throws -> UInt32 {
    if let owner = home.owner { return owner.user }
    let type = state?.resources[resource]?.type ?? ""
    return try catalog.server(type)?.processUser()?.userID ?? geteuid()
  }

  package func resolve(_ spec: ResourceSpec, data: ServerVersion?, strict: Bool) async throws -> ServerSource
  {
    guard let engine = spec.engine.server else {
      throw DrydockError(.internalFault, "\(spec.name) has no server")
    }
    if let image = spec.image {
      throw DrydockError(
        .unavailable, "resource \(spec.name) asks for the image \(image), which only Docker can run",
        suggestion: "use --runtime docker")
    }
    let resolver = NativeResolver(installations: try await discovery.installations(of: engine))
    return try resolver.choose(spec, engine, data: data, strict: strict)
  }

  package func prepareInstance() async throws {}

  package func start(_ launch: Launch, progress: @escaping ProgressSink, until deadline: Deadline)
    async throws
  {
    guard case .installation(let installation) = launch.source.origin else {
      throw DrydockError(.internalFault, "\(launch.spec.name) was resolved for another runtime")
    }
    let layout = layout(launch.spec.name)
    switch try inspect(layout.files) {
    case .running: return
    case .settling: try await stop(launch.spec.name, steps: [])
    case .neverStarted, .exited: break
    }
    if !isFree(port: launch.request.port) {
      throw PortTakenError(
        port: launch.request.port, owner: HostPort.owner(launch.request.port))
    }
    try await server(launch, installation).start(progress: progress, until: deadline)
  }

  package func peerAddress(of launch: Launch) -> (host: String, port: Int) {
    ("127.0.0.1", launch.request.port)
  }

  package func place(of launch: Launch) -> ReplicaPlace {
    let layout = layout(launch.spec.name)
    guard case .installation(let installation) = launch.source.origin else {
      return .container(files: layout.folder)
    }
    return .native(installation, layout.folders(data: layout.data))
  }

  package func run(_ script: ReplicaScript, for launch: Launch, until deadline: Deadline) async throws {
    guard case .installation(let installation) = launch.source.origin else { return }
    try await server(launch, installation).run(script, until: deadline)
  }

  func server(_ launch: Launch, _ installation: NativeInstallation) -> NativeServer {
    var server = NativeServer(
      layout: layout(launch.spec.name), launch: launch, installation: installation, keeper: keeper,
      environment: environment, cache: home.cache)
    server.leash = leash
    server.isInMemory = home.isInMemory
    server.spares = Spares(home: home)
    return server
  }

  package func liveness(_ resource: String) async throws -> Liveness {
    switch try inspect(layout(resource).files) {
    case .running, .settling: return .alive
    case .neverStarted: return .dead(reason: "it was not started")
    case .exited(let reason, _): return .dead(reason: "\(reason)")
    }
  }

  package func target(_ launch: Launch, administrator: Bool) -> ProbeTarget {
    let database = administrator ? launch.engine.accounts?.maintenanceDatabase : EngineAccounts.app
    guard let accounts = launch.engine.accounts else {
      var target = launch.targetWithoutAccounts
      target.listener = listener(launch)
      return target
    }
    let layout = layout(launch.spec.name)
    let socket = layout.socket(launch)
    var target = ProbeTarget(
      host: "127.0.0.1", port: launch.request.port, unixSocket: administrator ? socket : nil,
      user: administrator ? accounts.nativeAdministrator : EngineAccounts.app,
      password: administrator ? launch.request.administratorPassword : launch.request.password,
      database: database ?? EngineAccounts.app, authorityFile: launch.request.verifyingAuthority,
      listener: listener(launch))
    target.dataFolder = layout.data
    return target
  }

  /// Who has to listen at the server's port: its process, or nobody where that has ended.
  private func listener(_ launch: Launch) -> ExpectedListener {
    ExpectedListener(port: launch.request.port, processOf: layout(launch.spec.name).files)
  }

  package func requireListener(_ launch: Launch) throws { try listener(launch).requireOurs() }

  package func identity(_ launch: Launch) async throws -> ExpectedIdentity {
    var processID: Int?
    if case .running(let engine) = try inspect(layout(launch.spec.name).files) {
      processID = Int(engine.processID)
    }
    return launch.engine.identity(launch.request, nativeProcessID: processID)
  }

  package func stop(_ resource: String, steps: [StopStage]) async throws {
    let layout = layout(resource)
    switch try inspect(layout.files) {
    case .neverStarted where mayBeOrphaned(resource, layout):
      return try await endOrphans(
        of: layout.files, user: engineUser(resource), until: .after(.seconds(10)))
    case .neverStarted, .exited: return
    case .running, .settling: break
    }
    layout.stopMark.set()
    _ = try await NativeProcess.stop(layout.files, steps: steps.map(StopStep.init))
  }

  /// A start writes the configuration anew, so that it has to know all that the first one knew.
  package func restart(_ launch: Launch, until deadline: Deadline) async throws {
    var launch = launch
    launch.source = try await resolve(launch.spec, data: launch.source.version, strict: false)
    launch.request.version = launch.source.version
    if let state {
      launch = try await TransportPlan(home: home, state: state).completed(launch, until: deadline)
    }
    try await stop(launch.spec.name, steps: launch.engine.stopSteps)
    try await start(launch, progress: { _ in }, until: deadline)
  }

  package func deleteData(_ resource: String) async throws {
    let layout = layout(resource)
    try layout.discardData()
    try await layout.removeUnfinished(until: .after(.seconds(10)))
    try Folder.remove(layout.sockets)
    try await Folder.removeTree(layout.folder)
    try Folder.remove(home.clients(resource, of: id))
  }

  package func deleteInstance() async throws {
    try await Folder.removeTree("\(home.engines)/\(id)")
  }

  package func spaceRemedy(of resource: String, holdsData: Bool) async -> String {
    WriteRemedy.onDisk(of: layout(resource).folder, isMovable: !holdsData)
  }

  package func isDiskFull(of resource: String) -> Bool { Folder.isFull(layout(resource).folder) }

  package func log(_ resource: String, lines: Int) async throws -> [String] {
    tail(logFile: layout(resource).files.logFile, lines: lines)
  }

  package func follow(
    _ resource: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {
    for await line in NativeProcess.follow(logFile: layout(resource).files.logFile, backlog: lines) {
      await each(line)
    }
  }
}

extension StopStep {
  /// An engine's own stage, its signal by the system's number.
  package init(_ stage: StopStage) {
    let signal: Int32 =
      switch stage.signal {
      case .interrupt: SIGINT
      case .terminate: SIGTERM
      case .quit: SIGQUIT
      case .kill: SIGKILL
      }
    self.init(signal: signal, patience: stage.patience)
  }
}
