import ArgumentParser
import ConvoxManifest
import Emulator

/// `drydock resources list`.
struct ListResources: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the app's resources and those linked to it, passwords included.",
    discussion: """
      Examples:
        drydock resources
        drydock resources --app web --format json
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await asConvox {
      let session = Session(common.shared)
      let query = try ResourceQuery(session)
      let app = try query.requiredApp()
      let targets = query.lookup.targets(app: app) { error in
        guard let error = error as? ManifestError else { return }
        let first =
          error.diagnostics.first.map { "\($0.location): \($0.message)" } ?? "convox.yml is not valid"
        session.console.warn("\(first)\n  the manifest cannot be read, so this is what was deployed last")
      }
      switch common.format {
      case .json: try session.console.print(json: try await query.lookup.describe(targets))
      case .table:
        session.console.print(
          ConvoxColumns.table(["NAME", "TYPE", "URL"], targets.map { [$0.name, $0.type, $0.url ?? ""] }))
      }
      if app.resources.isEmpty, targets.contains(where: { !$0.isCreated }) {
        session.console.note("nothing is here yet; start it: drydock up")
      }
    }
  }
}
