import AppState
import ArgumentParser
import DrydockBase
import Services
import TerminalProgress

/// `drydock build`.
struct Build: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Build the images of services, without starting anything.",
    discussion: """
      Only what has changed is built. Running services keep their old image until
      they are restarted.

      Examples:
        drydock build
        drydock build web --no-cache
      """)

  @Argument(help: "The services; else all that are built.", completion: NameCompletion.services)
  var services: [String] = []

  @Flag(name: .customLong("no-cache"), help: "Build anew, whatever was kept of earlier builds.")
  var noCache = false

  @OptionGroup var rack: RackOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = try Session(common.shared).selecting(rack)
    let workspace = try session.workspaceOfInstance()
    // A wrong manifest leaves no trace.
    _ = try session.manifest(workspace, try session.existingInstance(allowsNewName: true))
    let state = try await session.openInstance()
    let manifest = try session.manifest(workspace, state)
    let build = ServiceBuild(
      context: session.context, workspace: workspace, id: state.id,
      environment: try session.appEnvironment(state), ignoresCache: noCache, notice: session.console.note)
    let built = try await build.run(services, of: manifest)
    if common.format == .json { return try session.console.print(json: built) }
    let rows = built.map { [$0.service, Self.short($0.image), $0.isNew ? "built" : "unchanged"] }
    session.console.print(
      Table(header: ["SERVICE", "IMAGE", "WHAT"], rows: rows), [.cutMiddle("SERVICE", least: 8)], WideOption()
    )
  }

  private static func short(_ id: String) -> String {
    String(id.dropFirst(id.hasPrefix("sha256:") ? 7 : 0).prefix(12))
  }
}
