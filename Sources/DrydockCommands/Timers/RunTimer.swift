import AppState
import ArgumentParser
import ConvoxManifest
import DrydockBase
import Services

/// `drydock timers run`.
struct RunTimer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a timer once, now, with its output here and its exit code.",
    discussion: """
      It runs as it would on schedule: in the way that its service runs, with the
      current convox.yml and app env. Its resources have to be up, the service not.

      Examples:
        drydock timers run tally
        drydock timers run tally && echo done
      """)

  @Argument(help: "The timer.", completion: NameCompletion.timers)
  var name: String

  @Flag(name: .customLong("no-mounts"), help: "Leave efs resources where they are instead of mounting them.")
  var noMounts = false

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = try Session(options).selecting(rack)
    let workspace = try session.workspaceOfInstance()
    try await check(workspace, session)
    let state = try await session.openInstance()
    var wishes = SupervisorProcess.Wishes(workspace: workspace)
    wishes.extraEnvironment = try session.extraEnvironment()
    wishes.rack = session.rack
    wishes.options.withoutMounts = noMounts
    let folder = SupervisorProcess(context: session.context, id: state.id).folder
    let end = try await TimerRun(
      context: session.context, id: state.id, wishes: wishes, notice: session.console.note
    ).run(name) { replica, work in
      try await ServiceView(folder, session.console, only: replica).showing(work)
    }
    guard end.status != 0 else { return }
    session.console.note("\(name) ended: \(end.description)")
    throw ExitCode(end.status)
  }

  /// What is wrong is said before anything is made.
  private func check(_ workspace: Workspace, _ session: Session) async throws {
    let manifest = try session.manifest(workspace, try session.existingInstance(allowsNewName: true))
    guard let timer = manifest.timers.first(where: { $0.name == name }) else {
      throw UnknownName.error("timer", name, known: manifest.timers.map(\.name))
    }
    guard let service = timer.service, manifest.service(named: service) != nil else { return }
    let query = try EnvironmentQuery(session)
    // A resource that never was up has no variables yet.
    _ = try query.variables(service: service)
    for resource in try await query.idleResources(service: service) {
      session.console.warn("\(resource) is not running; start it: drydock up")
    }
  }
}
