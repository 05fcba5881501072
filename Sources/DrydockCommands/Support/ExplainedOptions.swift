import AppState
import ConvoxManifest
import Emulator
import Engines
import Essentials
import Planning
import Resources
import TerminalProgress

/// `check --explain`: every option of the manifest's resources, and what its services and timers come to. The JSON has the
/// options alone.
struct ExplainedOptions {
  private let session: Session

  init(_ session: Session) {
    self.session = session
  }

  func print(_ format: OutputFormat, _ option: WideOption) throws {
    let state = try session.existingInstance(allowsNewName: true)
    let manifest = try session.manifest(session.workspaceOfInstance(), state)
    // What another rack has deployed is not known here.
    let rows = OptionExplanation.rows(
      manifest, catalog: session.context.catalog, over: session.rack == nil ? state : nil)
    if format == .json { return try session.console.print(json: rows) }
    manifest.warnings.forEach { session.console.note(ErrorReport.describe($0)) }
    let screen = session.console.screen(isWide: option.wide)
    let parts = [
      Self.render(rows, screen: screen), Self.services(manifest, screen: screen),
      Self.timers(manifest, screen: screen),
    ].filter { !$0.isEmpty }
    session.console.print(parts.joined(separator: "\n"))
  }

  /// What the keys of services come to.
  static func services(_ manifest: Manifest, screen: Int? = nil) -> String {
    let rows = ServiceExplanation.rows(manifest).map { row in
      [row.service, row.key, row.value ?? "-", row.isWritten ? "convox.yml" : "default", row.aws, row.here]
    }
    guard !rows.isEmpty else { return "" }
    return Table(header: ["SERVICE", "KEY", "VALUE", "FROM", "ON AWS", "DRYDOCK"], rows: rows)
      .rendered(screen: screen, steps: serviceSteps)
  }

  private static let serviceSteps: [TableStep] = [
    .wrap("ON AWS", least: 24), .wrap("DRYDOCK", least: 24), .cutEnd("VALUE", least: 16), .leaveOut("FROM"),
    .cutMiddle("SERVICE", least: 8), .wrap("KEY", least: 14), .cutEnd("VALUE", least: 8),
    .wrap("ON AWS", least: 10),
    .wrap("DRYDOCK", least: 10),
  ]

  private static func timers(_ manifest: Manifest, screen: Int?) -> String {
    guard !manifest.timers.isEmpty else { return "" }
    return TimerListing.table(
      manifest.timers.map { TimerListing($0, after: .now) }, zone: .current, screen: screen)
  }

  private static let steps: [TableStep] = [
    .wrap("WHAT THAT IS", least: 24), .leaveOut("TYPE"), .leaveOut("FROM"), .cutEnd("VALUE", least: 12),
    .wrap("ON AWS", least: 16), .leaveOut("ON AWS"), .cutMiddle("RESOURCE", least: 12),
    .wrap("OPTION", least: 14),
    .cutMiddle("RESOURCE", least: 8), .wrap("WHAT THAT IS", least: 8),
  ]

  static func render(_ rows: [OptionExplanation], screen: Int? = nil) -> String {
    Table(
      header: ["RESOURCE", "TYPE", "OPTION", "VALUE", "FROM", "ON AWS", "DRYDOCK", "WHAT THAT IS"],
      rows: rows.map { row in
        [
          row.resource ?? "(app)", row.type ?? "-", row.option, row.value ?? "-", origin(row), row.aws,
          row.treatment.rawValue, row.detail,
        ]
      }
    ).rendered(screen: screen, steps: steps)
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
