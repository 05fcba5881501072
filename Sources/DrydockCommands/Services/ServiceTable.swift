import Foundation
import Services
import TerminalProgress

/// How services are listed.
enum ServiceTable {
  /// Prints services and their replicas.
  static func render(_ services: [ServiceStatus], _ format: OutputFormat, _ console: Console) throws {
    if format == .json { return try console.print(json: services) }
    let rows = services.flatMap(rows(of:))
    guard !rows.isEmpty else { return }
    let header = ["SERVICE", "STATUS", "RUNS AS", "SINCE", "RESTARTS", "URL"]
    let withApp = services.contains { $0.app != nil }
    console.print(Table(header: withApp ? ["APP"] + header : header, rows: rows).rendered())
  }

  private static func rows(of service: ServiceStatus) -> [[String]] {
    let app = service.app.map { [$0] } ?? []
    let url = service.url.map { url in url + (service.plainURL.map { ", from \($0)" } ?? "") } ?? "-"
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
