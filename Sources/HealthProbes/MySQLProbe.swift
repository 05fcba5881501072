import Essentials
package import MonotonicTime

/// Proves a MySQL or MariaDB server: a login as the given user on the given database, and a query.
///
/// By TLS where the target names an authority; without, `caching_sha2_password` fetches the server's RSA key, which is
/// done where it is known by other means who listens.
package struct MySQLProbe: HealthProbe {
  /// The server asked, and as whom.
  package let target: ProbeTarget

  /// A probe of one server of either family.
  package init(target: ProbeTarget) {
    self.target = target
  }

  /// What is probed, as messages name it.
  package var name: String { "mysql at \(target.address)" }

  /// Logs in, asks for version, marker and uptime, and disconnects.
  /// - Throws: `ProbeFailure` or `CancellationError`.
  package func attempt(until deadline: Deadline) async throws -> ServerReport {
    let connection = try await MySQLConnection(to: target, until: deadline)
    return try await connection.report(until: deadline)
  }
}

extension MySQLConnection {
  /// What the server says about itself.
  func report(until deadline: Deadline) async throws -> ServerReport {
    let variables = try await rows("SELECT @@version, @@report_host, @@port, @@read_only", until: deadline)
    let status = try await rows("SHOW GLOBAL STATUS LIKE 'Uptime'", until: deadline)
    guard let row = variables.first, row.count == 4, let version = row[0] else {
      throw ProbeFailure.wrongProtocol(message: "the answer to the status query is incomplete")
    }
    let uptime = status.first?.last?.flatMap(Double.init)
    return ServerReport(
      flavour: isMariaDB ? .mariadb : .mysql, version: version,
      marker: row[1].flatMap { $0.isEmpty ? nil : $0 },
      startTime: uptime.map { Date(timeIntervalSinceNow: -$0) }, uptimeSeconds: uptime,
      isReadOnly: row[3].map { $0 != "0" && $0 != "OFF" }, port: row[2].flatMap { Int($0) })
  }

  private func rows(_ statement: String, until deadline: Deadline) async throws -> [[String?]] {
    switch try await query(statement, until: deadline) {
    case .rows(let rows, _): return rows
    case .error(let code, let message): throw mysqlFailure(code: code, message: message)
    }
  }
}
