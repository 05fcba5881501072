import AppState
import ArgumentParser
import ConvoxManifest
import DrydockBase
import Emulator
import MonotonicTime
import Services

/// `drydock restart`.
struct Restart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart",
    abstract: "Restart services and resources with the current convox.yml and app env.",
    discussion: """
      A resource keeps its data, port and password; services keep running meanwhile.

      Examples:
        drydock restart
        drydock restart web
        drydock restart mydb
      """)

  @Argument(
    help: "Services and resources; else all services that are started.",
    completion: NameCompletion.resourcesAndServices)
  var names: [String] = []

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let state = try session.startedInstance()
    let client = SupervisorProcess(context: session.context, id: state.id).client
    let started = try await client.ask(ControlRequest(.status), until: .after(.seconds(10)))
    let chosen = try choose(state, started?.map(\.service) ?? [], session)
    if !chosen.resources.isEmpty { try await restart(chosen.resources, of: state, session) }
    guard names.isEmpty || !chosen.services.isEmpty else {
      return common.format == .json ? try session.console.print(json: started ?? []) : ()
    }
    let status = try await client.ask(
      ControlRequest(.restart, services: chosen.services), until: .after(.seconds(60)))
    guard let status else { throw SupervisorProcess.notStarted }
    if common.format == .json { return try session.console.print(json: status) }
    let services = names.isEmpty ? status.map(\.service) : chosen.services
    session.console.note("restarting \(services.joined(separator: ", "))")
  }

  /// Which names mean what; one that is both means the service.
  private func choose(
    _ state: InstanceState, _ started: [String], _ session: Session
  ) throws -> (services: [String], resources: [String]) {
    let manifest = try session.workspaceOfInstanceIfPresent().map { try session.manifest($0, state) }
    let services = Set(started).union(manifest?.services.map(\.name) ?? [])
    for name in names where !services.contains(name) && state.resources[name] == nil {
      throw UnknownName.error(
        "service or resource", name, known: services.sorted() + state.resources.keys.sorted())
    }
    return (names.filter(services.contains), names.filter { !services.contains($0) })
  }

  private func restart(_ resources: [String], of state: InstanceState, _ session: Session) async throws {
    let workspace = try session.workspaceToBringUp()
    _ = try await DownOperation(
      context: session.context, instance: state, selected: resources, deletesData: false,
      notice: session.console.note
    ).run(until: .after(.seconds(120)))
    let display = UpDisplay(session.console)
    let operation = UpOperation(
      context: session.context, workspace: workspace, app: common.shared.app,
      extraEnvironment: try session.extraEnvironment(),
      choice: try common.shared.runtimeChoice(session.context),
      options: UpOptions(
        selected: Set(resources), deadline: .after(.seconds(120)), rack: state.lastRack),
      events: display.events)
    _ = try await display.following { try await operation.run() }
    for name in resources { session.console.note("\(name) restarted") }
  }
}
