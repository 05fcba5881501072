import AppState
import ArgumentParser
import ConvoxManifest
import Emulator
import Resources

/// `drydock resources list`.
struct ListResources: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the app's resources and those linked to it, passwords included.",
    discussion: """
      Outside of any app, those that were created on their own.

      Examples:
        drydock resources
        drydock resources --app web --format json
      """)

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await asConvox {
      let session = Session(common.shared)
      let query = try ResourceQuery(session)
      if query.app == nil, try await listCreated(query, session) { return }
      let app = try query.requiredApp()
      let targets = query.lookup.targets(app: app) { error in
        guard let error = error as? ManifestError else { return }
        let first =
          error.diagnostics.first.map { "\($0.location): \($0.message)" } ?? "convox.yml is not valid"
        session.console.warn("\(first)\n  the manifest cannot be read, so this is what was deployed last")
      }
      try await render(targets, query, session)
      if app.resources.isEmpty, targets.contains(where: { !$0.isCreated }) {
        session.console.note("nothing is here yet; start it: drydock up")
      }
    }
  }
  /// Outside of any app: what was created on its own, if there is something.
  /// - Returns: Whether there is.
  private func listCreated(_ query: ResourceQuery, _ session: Session) async throws -> Bool {
    let targets = query.lookup.createdTargets()
    guard !targets.isEmpty else { return false }
    session.console.note("no app is here; these were created on their own (drydock rack resources)")
    try await render(targets, query, session)
    return true
  }

  private func render(_ targets: [ResourceTarget], _ query: ResourceQuery, _ session: Session) async throws {
    switch common.format {
    case .json: try session.console.print(json: try await query.lookup.describe(targets))
    case .table:
      session.console.print(
        ConvoxColumns.table(
          ["NAME", "TYPE", "URL"], targets.map { [$0.name, $0.type, $0.url ?? ""] },
          screen: session.console.screen(isWide: lines.wide)))
      if targets.isEmpty {
        session.console.note("the app has no resources: convox.yml names none, and none is linked")
      }
    }
  }
}
