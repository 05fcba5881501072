import AppState
import ArgumentParser
import DrydockBase
import MonotonicTime
import Services

/// `drydock stop`.
struct Stop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Stop the app's services; its resources stay up.",
    discussion: """
      Examples:
        drydock stop
        drydock stop worker
      """)

  @Argument(help: "The services; else all.", completion: NameCompletion.services)
  var services: [String] = []

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    guard let instance = try session.existingInstance() else {
      return session.console.note("nothing is running")
    }
    let stopped = try await StopServices(context: session.context, id: instance.id).run(services)
    if common.format == .json { return try session.console.print(json: stopped) }
    guard !stopped.isEmpty else { return session.console.note("no service was running") }
    for service in stopped { session.console.note("\(service) stopped") }
  }
}
