import Essentials
import Services
import TerminalProgress

/// How services are listed.
enum ServiceTable {
  private static let steps: [TableStep] = [
    .cutEnd("STATUS", least: 28), .leaveOut("SINCE"), .cutEnd("RUNS AS", least: 16), .addresses("URL"),
    .leaveOut("RUNS AS"), .leaveOut("RESTARTS"), .cutEnd("STATUS", least: 12),
    .cutMiddle("SERVICE", least: 8),
  ]

  /// Prints services and their replicas.
  static func render(
    _ services: [ServiceStatus], _ format: OutputFormat, _ console: Console, _ option: WideOption
  ) throws {
    if format == .json { return try console.print(json: services) }
    let table = table(services, screen: console.screen(isWide: option.wide))
    if !table.isEmpty { console.print(table) }
  }

  /// The services and their replicas in so many places; empty for none.
  static func table(_ services: [ServiceStatus], screen: Int?) -> String {
    let rows = services.flatMap(rows(of:))
    guard !rows.isEmpty else { return "" }
    let header = ["SERVICE", "STATUS", "RUNS AS", "SINCE", "RESTARTS", "URL"]
    let withApp = services.contains { $0.app != nil }
    return Table(header: withApp ? ["APP"] + header : header, rows: rows)
      .rendered(screen: screen, steps: steps)
  }

  private static func rows(of service: ServiceStatus) -> [[String]] {
    let app = service.app.map { [$0] } ?? []
    let main = service.url.map { url in url + (service.plainURL.map { ", from \($0)" } ?? "") }
    let places = [main].compactMap(\.self) + (service.ports ?? []).map(\.text)
    let url = places.isEmpty ? "-" : places.joined(separator: ", ")
    guard !service.replicas.isEmpty else {
      let status = service.desired == 0 ? "scaled to 0" : "stopped"
      return [app + [service.service, status, "-", "-", "-", url]]
    }
    return service.replicas.map { replica in
      app + [
        "\(service.service).\(replica.number)", words(of: replica), runsAs(replica, service.kind),
        replica.startedAt.map { $0.formatted(.iso8601) } ?? "-", "\(replica.restarts)", url,
      ]
    }
  }

  private static func words(of replica: ReplicaStatus) -> String {
    let end = replica.lastEnd.map { ", ended: \($0)" } ?? ""
    switch replica.state {
    case .ready: return "ready"
    case .restarting, .crashLoop: return replica.state.rawValue + end
    default: return replica.state.rawValue + (replica.reason.map { ": \($0)" } ?? "")
    }
  }

  private static func runsAs(_ replica: ReplicaStatus, _ kind: ServiceKind) -> String {
    guard let id = replica.id else { return "-" }
    return kind == .process ? "process \(id)" : "container \(id)"
  }
}
