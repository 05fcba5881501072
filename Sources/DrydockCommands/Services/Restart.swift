import AppState
import ArgumentParser
import DrydockBase
import MonotonicTime
import Services

/// `drydock restart`.
struct Restart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart",
    abstract: "Stop services and start them with what convox.yml and the app env say now.",
    discussion: """
      Examples:
        drydock restart
        drydock restart web
      """)

  @Argument(help: "The services; else all that are started.", completion: NameCompletion.services)
  var services: [String] = []

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let client = try SupervisorProcess(context: session.context, id: session.requiredInstance().id).client
    let status = try await client.ask(
      ControlRequest(.restart, services: services), until: .after(.seconds(60)))
    guard let status else { throw SupervisorProcess.notStarted }
    let names = services.isEmpty ? status.map(\.service) : services
    if common.format == .json { return try session.console.print(json: status) }
    session.console.note("restarting \(names.joined(separator: ", "))")
  }
}
