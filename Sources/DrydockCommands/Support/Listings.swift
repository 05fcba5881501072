import AppState
import Emulator
import Engines
import Essentials
import Planning
import TerminalProgress

/// The plan as a table.
enum PlanTable {
  private static let steps: [TableStep] = [
    .cutEnd("REASON", least: 30), .cutMiddle("RESOURCE", least: 12), .cutEnd("REASON", least: 16),
  ]

  static func render(_ plan: Plan, screen: Int? = nil) -> String {
    let rows = plan.items.map { item in
      [
        item.resource, item.type, item.drift == nil ? item.version : "\(item.version) (!)",
        item.action.rawValue, item.port.map(String.init) ?? "",
        ([item.reason] + item.changes.map(\.description) + [item.drift].compactMap { $0 })
          .joined(separator: "; "),
      ]
    }
    let table = Table(header: ["RESOURCE", "TYPE", "VERSION", "ACTION", "PORT", "REASON"], rows: rows)
      .rendered(screen: screen, steps: steps)
    return "runtime: \(plan.runtime.rawValue) (\(plan.runtimeReason))\n" + table
  }
}

/// What became of the resources, as a table.
enum OutcomeTable {
  private static let steps: [TableStep] = [
    .shortURLs("URL"), .leaveOut("RUNTIME"), .addresses("URL"), .leaveOut("TIME"),
    .cutMiddle("RESOURCE", least: 12), .cutEnd("URL", least: 16),
  ]

  static func render(_ outcomes: [ResourceOutcome], screen: Int? = nil) -> String {
    let rows = outcomes.map { outcome in
      [
        outcome.resource, outcome.type, version(outcome), outcome.runtime?.rawValue ?? "-",
        outcome.status.rawValue,
        outcome.url ?? "-", Figures.seconds(outcome.seconds),
      ]
    }
    return Table(header: ["RESOURCE", "TYPE", "VERSION", "RUNTIME", "STATUS", "URL", "TIME"], rows: rows)
      .rendered(screen: screen, steps: steps)
  }

  private static func version(_ outcome: ResourceOutcome) -> String {
    guard let version = outcome.version else { return "-" }
    return outcome.drift == nil ? version : "\(version) (!)"
  }
}

/// What an `up` leaves to say under its table.
enum UpSummary {
  static func lines(_ result: UpOperation.Result) -> [String] {
    var lines = result.outcomes.compactMap { outcome in outcome.drift.map { "(!) \(outcome.resource): \($0)" }
    }
    lines += result.outcomes.compactMap { outcome in outcome.notice.map { "\(outcome.resource): \($0)" } }
    lines += result.outcomes.filter { !$0.changes.isEmpty }.map { outcome in
      "\(outcome.resource): \(outcome.changes.map(\.description).joined(separator: ", "))"
    }
    lines.append("Variables: .drydock/<service>.env; run a command with them: drydock run SERVICE -- COMMAND")
    return lines
  }
}

/// What exists, as a table.
enum StateTable {
  private static let steps: [TableStep] = [
    .cutFront("PROCESS", least: 14), .cutEnd("STATUS", least: 28), .leaveOut("RUNTIME"),
    .cutFront("PROCESS", least: 9), .leaveOut("WANTED"), .cutMiddle("RESOURCE", least: 16),
    .leaveOut("UPTIME"),
    .cutEnd("STATUS", least: 12), .leaveOut("PROCESS"), .cutMiddle("RESOURCE", least: 8),
    .cutMiddle("APP", least: 6),
  ]

  /// - Parameter isWide: Whether to show what few people need, where there is any of it.
  static func render(
    _ states: [ResourceState], withApp: Bool, isWide: Bool = false, screen: Int? = nil
  ) -> String {
    let withNetwork = isWide && states.contains { $0.network != nil }
    let header =
      (withApp ? ["APP"] : []) + [
        "RESOURCE", "TYPE", "STATUS", "WANTED", "VERSION", "RUNTIME", "PROCESS", "PORT", "UPTIME",
      ] + (withNetwork ? ["NETWORK"] : [])
    let rows = states.map { state in
      (withApp ? [state.test.map { "\(state.app) (test \($0))" } ?? state.app] : []) + [
        state.resource, state.type, status(state, isWhole: screen == nil), state.wantedVersion ?? "-",
        state.version ?? "-",
        state.runtime?.rawValue ?? "-", process(state), state.port.map(String.init) ?? "-", uptime(state),
      ] + (withNetwork ? [state.network ?? "-"] : [])
    }
    return rows.isEmpty ? "" : Table(header: header, rows: rows).rendered(screen: screen, steps: steps)
  }

  private static func status(_ state: ResourceState, isWhole: Bool) -> String {
    if let reason = state.reason {
      // A column of a terminal is no place for a library's long sentences.
      let short = !isWhole && reason.count > 56 ? reason.prefix(55) + "…" : reason[...]
      return "\(state.status.rawValue): \(short)"
    }
    guard let source = state.source, state.status == .running else { return state.status.rawValue }
    return "running, \(ReplicationText.describe(state)) (replica of \(source))"
  }

  private static func process(_ state: ResourceState) -> String {
    if let directory = state.directory { return directory }
    return state.container ?? state.pid.map { "pid \($0)" } ?? "-"
  }

  private static func uptime(_ state: ResourceState) -> String {
    state.startedAt.map { Figures.uptime(Int(Date.now.timeIntervalSince($0))) } ?? "-"
  }
}

/// What a person needs to know of a read replica that runs.
enum ReplicationText {
  static func describe(_ state: ResourceState) -> String {
    guard let status = state.replication else { return "replication unknown" }
    if let problem = status.problem { return problem }
    let seconds = status.lagSeconds.map { ", \(Int($0)) s" } ?? ""
    let lag = status.lag.map { "\($0) \(status.lagUnit)\(seconds) behind" }
    guard let holding = holding(state, status) else {
      return status.isConnected ? lag ?? "following" : "not connected"
    }
    // PostgreSQL asks its source for more only when it has applied what it has.
    let connection = status.isConnected ? nil : "receives more once that is applied"
    return [holding, lag, connection].compactMap(\.self).joined(separator: ", ")
  }

  private static func holding(_ state: ResourceState, _ status: ReplicationStatus) -> String? {
    if state.isPaused == true || !status.isApplying && status.isConnected { return "paused" }
    return state.delaySeconds.map { "delayed by \($0) s" }
  }
}
