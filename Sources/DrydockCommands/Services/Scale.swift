import AppState
import ArgumentParser
import ConvoxManifest
import DrydockBase
import MonotonicTime
import Services

/// `drydock scale`.
struct Scale: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale",
    abstract: "Set how many replicas services run; without an argument, show it.",
    discussion: """
      The number in convox.yml is for a service's first start only; from then on,
      this one counts, as on AWS.

      Examples:
        drydock scale
        drydock scale web=3 worker=0
      """)

  @Argument(
    help: "SERVICE=NUMBER.", completion: NameCompletion.serviceAssignment,
    transform: ServiceCount.init(parsing:))
  var counts: [ServiceCount] = []

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let state = try session.startedInstance()
    let supervisor = SupervisorProcess(context: session.context, id: state.id)
    let wanted = Dictionary(counts.map { ($0.service, $0.count) }) { $1 }
    if let manifest = try session.workspaceOfInstanceIfPresent().map({ try session.manifest($0, state) }) {
      for name in wanted.keys.sorted() where manifest.service(named: name) == nil {
        throw UnknownName.error("service", name, known: manifest.services.map(\.name))
      }
    }
    let request = counts.isEmpty ? ControlRequest(.status) : ControlRequest(.scale, counts: wanted)
    if let status = try await supervisor.client.ask(request, until: .after(.seconds(60))) {
      return try ServiceTable.render(status, common.format, session.console, lines)
    }
    guard !counts.isEmpty else { throw SupervisorProcess.notStarted }
    try await supervisor.remember(wanted)
    session.console.note("noted; it counts from the next drydock start on")
  }
}

/// `SERVICE=NUMBER`.
struct ServiceCount: Sendable {
  let service: String
  let count: Int

  init(parsing argument: String) throws {
    guard let split = argument.lastIndex(of: "="), split != argument.startIndex,
      let count = Int(argument[argument.index(after: split)...])
    else { throw ValidationError("it takes SERVICE=NUMBER") }
    if let problem = ServiceSpec.problem(withCount: count) { throw ValidationError(problem) }
    self.service = String(argument[..<split])
    self.count = count
  }
}
