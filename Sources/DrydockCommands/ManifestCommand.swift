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

  @OptionGroup var lines: WideOption

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
      let screen = session.console.screen(isWide: lines.wide)
      session.console.print(render(document, session.context.catalog, screen))
    }
    // What is missing for a deploy keeps nobody from looking at the rest.
    if let missing = manifest.missingRequiredEnvironment(environment) { throw ManifestError([missing]) }
  }

  static let resourceSteps: [TableStep] = [
    .wrap("OPTIONS", least: 20), .wrap("VARIABLES", least: 12), .wrap("OPTIONS", least: 12),
    .cutMiddle("RESOURCE", least: 10),
  ]
  static let serviceSteps: [TableStep] = [
    .cutEnd("COMMAND", least: 24), .wrap("RESOURCES", least: 16), .cutEnd("COMMAND", least: 10),
    .cutMiddle("SERVICE", least: 10),
  ]

  private func render(
    _ document: ManifestDocument, _ catalog: ResourceCatalog, _ screen: Int?
  ) -> String {
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
    let parts = [(resources, Self.resourceSteps), (services, Self.serviceSteps)].filter { !$0.0.rows.isEmpty }
      .map { $0.0.rendered(screen: screen, steps: $0.1) }
    return parts.joined(separator: "\n")
  }
}
