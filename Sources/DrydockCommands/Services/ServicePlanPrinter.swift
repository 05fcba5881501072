import AppState
import Services
import TerminalProgress

/// Prints how each service would run: `drydock start --dry-run`.
struct ServicePlanPrinter: Sendable {
  static let steps: [TableStep] = [
    .cutEnd("COMMAND", least: 24), .wrap("WHY", least: 32), .cutEnd("COMMAND", least: 12),
    .leaveOut("COMMAND"),
    .wrap("WHY", least: 16), .cutMiddle("SERVICE", least: 8),
  ]

  private let session: Session
  private let workspace: Workspace
  private let wishes: SupervisorProcess.Wishes

  init(_ session: Session, _ workspace: Workspace, _ wishes: SupervisorProcess.Wishes) {
    self.session = session
    self.workspace = workspace
    self.wishes = wishes
  }

  func print(_ format: OutputFormat, _ option: WideOption) async throws {
    let state = try session.existingInstance(allowsNewName: true)
    let manifest = try session.manifest(workspace, state)
    let plan = try ServicePlan(
      manifest, workspace: workspace, state: state, wishes: wishes, context: session.context)
    if format == .json { return try session.console.print(json: plan.items) }
    let rows = plan.items.map { item in
      [
        item.service, item.kind?.rawValue ?? "-", Self.ports(item), "\(item.count)",
        item.problem ?? item.reason, item.command ?? "-",
      ]
    }
    session.console.print(
      Table(header: ["SERVICE", "RUNS AS", "PORT", "REPLICAS", "WHY", "COMMAND"], rows: rows), Self.steps,
      option)
    for note in plan.notes { session.console.note(note) }
  }

  private static func ports(_ item: ServicePlan.Item) -> String {
    let all = [item.port].compactMap(\.self) + (item.ports ?? [])
    return all.isEmpty ? "-" : all.map(String.init).joined(separator: ", ")
  }
}
