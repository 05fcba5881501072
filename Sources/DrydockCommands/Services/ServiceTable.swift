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
    console.print(
      Table(header: ["SERVICE", "STATUS", "RUNS AS", "SINCE", "RESTARTS", "URL"], rows: rows).rendered())
  }

  private static func rows(of service: ServiceStatus) -> [[String]] {
    guard !service.replicas.isEmpty else {
      return [
        [
          service.service, service.desired == 0 ? "scaled to 0" : "stopped", "-", "-", "-",
          service.url ?? "-",
        ]
      ]
    }
    return service.replicas.map { replica in
      [
        "\(service.service).\(replica.number)", words(of: replica), runsAs(replica, service.kind),
        replica.startedAt.map { $0.formatted(.iso8601) } ?? "-", "\(replica.restarts)", service.url ?? "-",
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
