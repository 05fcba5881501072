import AppState
import ArgumentParser
import ConvoxManifest
import Emulator
import Engines
import Resources
import TerminalProgress

/// `drydock manifest`.
struct ManifestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifest", abstract: "Show the manifest as Convox understands it.",
    discussion: """
      If a required variable has no value, the manifest is shown all the same, and
      the exit code is 65.

      Examples:
        drydock manifest
        drydock manifest --format json | jq .resources
      """)

  @OptionGroup var rack: RackOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = try Session(common.shared).selecting(rack)
    let state = try session.existingInstance(allowsNewName: true)
    let environment = try session.appEnvironment(state)
    let manifest = try session.workspaceOfInstance().load(
      appEnvironment: environment, catalog: session.context.catalog)
    let document = ManifestDocument(manifest, appEnvironment: environment)
    if common.format == .json {
      try session.console.print(json: document)
    } else {
      (manifest.warnings + manifest.deployErrors).forEach { session.console.note(ErrorReport.describe($0)) }
      session.console.print(render(document, session.context.catalog))
    }
    // What is missing for a deploy keeps nobody from looking at the rest.
    if let missing = manifest.missingRequiredEnvironment(environment) { throw ManifestError([missing]) }
  }

  private func render(_ document: ManifestDocument, _ catalog: ResourceCatalog) -> String {
    let resources = Table(
      header: ["RESOURCE", "TYPE", "VARIABLES", "OPTIONS"],
      rows: document.resources.map { resource in
        let options = resource.options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let hasVariables = catalog.type(named: resource.type)?.hasVariables ?? true
        return [
          resource.name, resource.type, hasVariables ? "\(resource.envName)_*" : "-",
          options.joined(separator: " "),
        ]
      })
    let services = Table(
      header: ["SERVICE", "RESOURCES", "PORT", "COMMAND"],
      rows: document.services.map {
        [$0.name, $0.resources.joined(separator: " "), $0.port ?? "", $0.command ?? ""]
      })
    let parts = [resources, services].filter { !$0.rows.isEmpty }.map { $0.rendered() }
    return parts.joined(separator: "\n")
  }
}
