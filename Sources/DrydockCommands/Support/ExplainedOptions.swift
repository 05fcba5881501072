import ConvoxManifest
import Emulator
import Engines
import Planning
import Resources
import TerminalProgress

/// `check --explain`: every option of the manifest's resources.
struct ExplainedOptions {
  private let session: Session

  init(_ session: Session) {
    self.session = session
  }

  func print(_ format: OutputFormat) throws {
    let state = try session.existingInstance(allowsNewName: true)
    let manifest = try session.workspaceOfInstance().load(appEnvironment: try session.appEnvironment(state))
    // What another rack has deployed is not known here.
    let rows = OptionExplanation.rows(
      manifest, catalog: EngineRegistry.catalog, over: session.rack == nil ? state : nil)
    if format == .json { return try session.console.print(json: rows) }
    manifest.warnings.forEach { session.console.note(ErrorReport.describe($0)) }
    session.console.print(Self.render(rows))
  }

  static func render(_ rows: [OptionExplanation]) -> String {
    Table(
      header: ["RESOURCE", "TYPE", "OPTION", "VALUE", "FROM", "ON AWS", "DRYDOCK", "WHAT THAT IS"],
      rows: rows.map { row in
        [
          row.resource ?? "(app)", row.type ?? "-", row.option, row.value ?? "-", origin(row), row.aws,
          row.treatment.rawValue, row.detail,
        ]
      }
    ).rendered()
  }

  private static func origin(_ row: OptionExplanation) -> String {
    switch row.origin {
    case .manifest: "convox.yml"
    case .deployed: "deployed"
    case .parameter: "params"
    case .default: row.documentedDefault.map { "default (page: \($0))" } ?? "default"
    }
  }
}
