import AppState
import ArgumentParser
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
import MonotonicTime
import NativeProcess
import Planning
import Services

/// `drydock start`.
struct Start: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Start the app: its resources, then its services.",
    discussion: """
      The services' output is shown until Ctrl-C, which ends the services; resources
      stay up. Where the app is started already, this shows it, starts the services
      that are named, and Ctrl-C leaves everything as it is.

      Examples:
        drydock start
        drydock start web worker
        drydock start --detach
        drydock start --dry-run
      """)

  @Argument(help: "The services; else all.", completion: NameCompletion.services)
  var services: [String] = []

  @Option(
    name: .customLong("services"),
    help: ArgumentHelp("How they run: auto, container or process.", valueName: "way"))
  var way = ServiceWay.auto

  @Flag(name: .shortAndLong, help: "Return once everything is ready; it goes on until drydock stop.")
  var detach = false

  @Flag(name: .customLong("dry-run"), help: "Print how each service would run, and change nothing.")
  var dryRun = false

  @Flag(
    name: .customLong("exit-on-failure"),
    help: "End everything when a service ends by itself, with its status.")
  var exitOnFailure = false

  @Flag(help: "Stop the resources too, once the services have ended.")
  var down = false

  @Flag(name: .customLong("no-cache"), help: "Build images anew, whatever was kept of earlier builds.")
  var noCache = false

  @Flag(
    name: .customLong("no-build"),
    help: "Run the images that were built last, whatever has changed since.")
  var noBuild = false

  @Flag(
    name: .customLong("aws-limits"),
    help: "Give containers the memory and the processor time that they have on AWS, and no more.")
  var awsLimits = false

  @Flag(
    help: "Serve http services by https too, with a certificate of drydock's authority, and send http there.")
  var https = false

  @Flag(name: .customLong("no-mounts"), help: "Leave efs resources where they are instead of mounting them.")
  var noMounts = false

  @Option(
    name: .customLong("tty"),
    help: ArgumentHelp(
      "A service that gets a terminal, for drydock attach; may be repeated.", valueName: "service"),
    completion: NameCompletion.services)
  var terminals: [String] = []

  @Flag(help: "Restart processes whenever a file of their folder changes.")
  var watch = false

  @Flag(name: .customLong("no-sync"), help: "Carry no changed files into containers.")
  var noSync = false

  @Option(
    help: ArgumentHelp(
      "Seconds until what is not ready is an error, once images are there.", valueName: "seconds"))
  var timeout: Double = 120

  /// The supervisor in the background: resources are up, and nobody looks.
  @Flag(help: .hidden)
  var supervise = false

  @OptionGroup var lines: WideOption

  @OptionGroup var rack: RackOption

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard timeout > 0, timeout <= 1_000_000 else {
      throw ValidationError("--timeout takes a number of seconds above 0, a million at most")
    }
    if noBuild, noCache { throw ValidationError("--no-build and --no-cache exclude each other") }
    if detach, exitOnFailure || down {
      throw ValidationError("--detach goes with neither --exit-on-failure nor --down")
    }
  }

  func run() async throws {
    let session = try Session(common.shared).selecting(rack)
    let workspace = try session.workspaceToBringUp()
    if supervise { return try await superviseInBackground(session, workspace) }
    if dryRun {
      return try await ServicePlanPrinter(session, workspace, wishes(workspace, session)).print(
        common.format, lines)
    }
    let state = try await bringUpResources(session, workspace)
    let supervisor = SupervisorProcess(context: session.context, id: state.id)
    try allowGraces(state, workspace, session)
    if try await supervisor.isRunning() { return try await join(supervisor, session) }
    if detach { return try await startInBackground(supervisor, state, session, workspace) }
    try await serve(supervisor, state, session, workspace)
  }

  private func wishes(_ workspace: Workspace, _ session: Session) throws -> SupervisorProcess.Wishes {
    var wishes = SupervisorProcess.Wishes(workspace: workspace)
    wishes.extraEnvironment = try session.extraEnvironment()
    wishes.rack = session.rack
    wishes.services = services
    wishes.options.way = way
    wishes.options.runtime = try common.shared.runtimeChoice(session.context).kind
    wishes.options.withoutMounts = noMounts
    wishes.options.ignoresCache = noCache
    wishes.options.buildsNothing = noBuild
    wishes.options.appliesLimits = awsLimits
    wishes.options.speaksTLS = https
    wishes.options.terminals = Set(terminals)
    wishes.options.syncs = !noSync
    wishes.options.watches = watch
    wishes.exitsOnFailure = exitOnFailure
    wishes.isDetached = supervise
    return wishes
  }

  // MARK: Resources

  /// Brings up what the services need: their own resources.
  private func bringUpResources(_ session: Session, _ workspace: Workspace) async throws -> InstanceState {
    let manifest = try session.manifest(workspace, try session.existingInstance(allowsNewName: true))
    for name in services + terminals where manifest.service(named: name) == nil {
      throw UnknownName.error("service", name, known: manifest.services.map(\.name))
    }
    guard !manifest.services.isEmpty else {
      throw DrydockError(
        .manifestInvalid, "\(manifest.file) has no services",
        suggestion: "for its resources alone: drydock up")
    }
    let chosen =
      services.isEmpty ? manifest.services : manifest.services.filter { services.contains($0.name) }
    let needed = Set(chosen.flatMap(\.resources).map(\.resource))
    let display = UpDisplay(session.console)
    let options = UpOptions(
      selected: needed, deadline: .after(.seconds(timeout)), rack: rack.name)
    let operation = UpOperation(
      context: session.context, workspace: workspace, app: common.shared.app,
      extraEnvironment: try session.extraEnvironment(),
      choice: try common.shared.runtimeChoice(session.context), options: options, events: display.events)
    let state = try await display.following { try await operation.run().state }
    try await session.warnOfIdleLinks(of: state)
    return state
  }

  /// Services have their own time to end, which may be more than a command's.
  private func allowGraces(_ state: InstanceState, _ workspace: Workspace, _ session: Session) throws {
    let graces = try session.manifest(workspace, state).services.map(\.process.grace)
    Interruption.allow(min(graces.max() ?? 0, 86_400) + (down ? 105 : 45))
  }

  // MARK: Services

  private func serve(
    _ supervisor: SupervisorProcess, _ state: InstanceState, _ session: Session, _ workspace: Workspace
  ) async throws {
    // What it is for goes on without a reader.
    let view = ServiceView(supervisor.folder, session.console, format: common.format)
    let wishes = try wishes(workspace, session)
    let keys = keys(supervisor, session)
    let result: Supervisor.Result
    do {
      result = try await view.showing {
        try await listening(keys) {
          try await supervisor.serve(
            wishes, observe: { view.show($0) }, ready: { keys?.explain(interrupting: "ends them") })
        }
      }
    } catch {
      let isOthers = (error as? NativeProcessError)?.code == .alreadyRunning
      if down, !isOthers { try await stopResources(state, session) }
      throw error
    }
    if down { try await stopResources(state, session) }
    if case .failed(let replica, let end) = result {
      session.console.warn("\(replica.name) ended: \(end.description)")
      throw ExitCode(end.status)
    }
    if !down { session.console.note("the resources stay up; to stop them: drydock down") }
  }

  /// Whoever reads JSON types nothing.
  private func keys(_ supervisor: SupervisorProcess, _ session: Session) -> StartKeys? {
    common.format == .json ? nil : StartKeys(supervisor.client, session.console)
  }

  private func listening<Value: Sendable>(
    _ keys: StartKeys?, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    guard let keys else { return try await work() }
    return try await keys.listening(beside: work)
  }

  private func stopResources(_ state: InstanceState, _ session: Session) async throws {
    guard let current = try session.context.store.load(state.id) else { return }
    _ = try await shieldedFromCancellation {
      try await DownOperation(
        context: session.context, instance: current, selected: nil, deletesData: false, ending: [current.id],
        notice: session.console.note
      ).run(until: .after(.seconds(60)))
    }
  }

  /// Somebody has started the app: this adds what is named, and looks on.
  private func join(_ supervisor: SupervisorProcess, _ session: Session) async throws {
    let client = supervisor.client
    try await supervisor.waitUntilListening(until: .after(.seconds(timeout)))
    let late = [terminals.isEmpty ? nil : "--tty", https ? "--https" : nil].compactMap(\.self)
    if !late.isEmpty {
      session.console.warn(
        "the app is started already; for \(late.joined(separator: " and ")) to count: drydock stop, then start it "
          + "again")
    }
    if !services.isEmpty || detach {
      _ = try await client.ask(ControlRequest(.add, services: services), until: .after(.seconds(timeout)))
    }
    if detach { return try await waitUntilReady(supervisor, session) }
    session.console.note("the app is started already; Ctrl-C leaves it as it is")
    let view = ServiceView(supervisor.folder, session.console, format: common.format)
    let keys = keys(supervisor, session)
    keys?.explain(interrupting: "leaves them")
    _ = try await view.showing {
      try await listening(keys) {
        try await client.watch(status: { view.show(addresses: $0) }, event: { view.show($0) })
      }
    }
  }

  // MARK: In the background

  private func startInBackground(
    _ supervisor: SupervisorProcess, _ state: InstanceState, _ session: Session, _ workspace: Workspace
  ) async throws {
    let files = common.shared.environmentFiles.map {
      $0.hasPrefix("/") ? $0 : "\(session.context.currentDirectory)/\($0)"
    }
    try await BackgroundServices(
      context: session.context, instance: state, wishes: try wishes(workspace, session),
      environmentFiles: files
    ).start(until: .after(.seconds(timeout)))
    try await waitUntilReady(supervisor, session)
  }

  private func superviseInBackground(_ session: Session, _ workspace: Workspace) async throws {
    Interruption.goOnUnread()
    let state = try session.requiredInstance()
    let supervisor = SupervisorProcess(context: session.context, id: state.id)
    try allowGraces(state, workspace, session)
    _ = try await supervisor.serve(
      try wishes(workspace, session), observe: { session.console.note($0.line) }, ready: {})
  }

  private func waitUntilReady(_ supervisor: SupervisorProcess, _ session: Session) async throws {
    var deadline = Deadline.after(.seconds(timeout))
    var pause = Backoff(limit: .milliseconds(100))
    while true {
      // A question of its own time: at the deadline it is said which service is not ready.
      let answer = try await supervisor.client.answer(
        to: ControlRequest(.status), until: .after(.seconds(10)))
      if answer == nil {
        try await supervisor.refuseEnded()
        // Images are fetched and built in their own time.
        if supervisor.isPreparing { deadline = .after(.seconds(timeout)) }
      }
      let status = answer?.status ?? []
      let isReady = !status.isEmpty && status.allSatisfy { $0.readyCount >= $0.desired }
      if isReady, let hooks = try await supervisor.hooksAfterReady() {
        try ServiceTable.render(status, common.format, session.console, lines)
        guard let failure = hooks.failure else { return }
        throw DrydockError(
          .failed, failure, suggestion: "the services go on; to end them: drydock stop",
          details: hooks.details)
      }
      if let error = answer?.unwritten?.error { throw Self.unwritten(error) }
      if let failed = status.flatMap({ service in service.replicas.map { (service.service, $0) } })
        .first(where: { $0.1.state == .crashLoop })
      {
        throw DrydockError(
          .failed, "\(failed.0) does not stay up: \(failed.1.lastEnd ?? "")",
          suggestion: "its output: drydock logs \(failed.0); to end it: drydock stop")
      }
      do { try await pause.sleep(until: deadline, "services that are ready") } catch is TimeoutError {
        throw Self.notReady(status)
      }
    }
  }
}

extension Start {
  /// What waiting does not mend, since somebody has to make room.
  fileprivate static func unwritten(_ error: DrydockError) -> DrydockError {
    var error = error
    error.details.append("the services go on in the background; to end them: drydock stop")
    return error
  }

  /// Which services are not ready, and why.
  fileprivate static func notReady(_ status: [ServiceStatus]) -> DrydockError {
    let waiting = status.flatMap { service in
      service.replicas.filter { $0.state != .ready }.map { replica in
        let end = replica.lastEnd.map { "ended: \($0)" }
        let reason = [replica.reason, end].compactMap(\.self).first.map { ", \($0)" } ?? ""
        return "\(service.service).\(replica.number) is \(replica.state.rawValue)\(reason)"
      }
    }
    return DrydockError(
      .notReady, "not ready in time: \(waiting.isEmpty ? "the services" : waiting.joined(separator: "; "))",
      suggestion: "they go on in the background; what they write: drydock logs -f; to end them: drydock stop")
  }
}

extension ServiceWay: ExpressibleByArgument {}

extension SupervisorEvent {
  /// The event as a line.
  var line: String { (replica.map { "\($0.name) " } ?? "") + text }
}
