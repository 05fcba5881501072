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
    try refuseResources(instance, session)
    let stopped = try await StopServices(context: session.context, id: instance.id).run(services)
    if common.format == .json { return try session.console.print(json: stopped) }
    guard !stopped.isEmpty else { return session.console.note("no service was running") }
    for service in stopped { session.console.note("\(service) stopped") }
    guard services.isEmpty, !instance.resources.isEmpty else { return }
    session.console.note("the resources stay up; to stop them: drydock down")
  }

  /// A resource is stopped by another command.
  private func refuseResources(_ instance: InstanceState, _ session: Session) throws {
    let folder = ServiceFolder(home: session.context.home, id: instance.id)
    let known = Set(folder.replicas.map(\.service))
    for name in services where !known.contains(name) && instance.resources[name] != nil {
      throw DrydockError(
        .usage, "\(name) is a resource, and no service", suggestion: "to stop it: drydock down \(name)")
    }
  }
}
