import Essentials
package import MonotonicTime

/// Proves a PostgreSQL server: a login as the given user on the given database, and a query.
///
/// The user's own libpq settings have no influence: `PostgresVariables` takes those that no parameter overrides out of the
/// environment when drydock starts.
package struct PostgresProbe: HealthProbe {
  /// The server asked, and as whom.
  package let target: ProbeTarget

  /// A probe of one server; an empty database stands for the one named as the user.
  package init(target: ProbeTarget) {
    self.target = target
  }

  /// What is probed, as messages name it.
  package var name: String { "postgresql at \(target.address)" }

  /// Logs in, asks for version, marker and start time, and disconnects.
  /// - Throws: `ProbeFailure` or `CancellationError`.
  package func attempt(until deadline: Deadline) async throws -> ServerReport {
    // While the server starts there is time for it.
    try loadLibPQ()
    if let folder = target.dataFolder { try await PostgresStart(dataFolder: folder).ended(until: deadline) }
    let connection = try await PostgresConnection(to: target, until: deadline)
    return try await connection.report(until: deadline)
  }
}

extension PostgresConnection {
  /// A new connection looks up each function and each cast in the catalogs, so there are as few as can be; the version
  /// comes with the login. `pg_settings`, which has a row for each setting, would be three times as slow as all of this.
  private func question(ofVersion version: Int) -> String {
    // It is there from 9.5 on.
    let marker = version >= 90500 ? "current_setting('cluster_name')" : "NULL"
    return """
      SELECT \(marker), extract(epoch FROM pg_postmaster_start_time()), extract(epoch FROM now()),
        pg_is_in_recovery(), current_setting('port')
      """
  }

  /// What the server says about itself.
  func report(until deadline: Deadline) async throws -> ServerReport {
    switch try await query(question(ofVersion: versionNumber), until: deadline) {
    case .error(let sqlState, let message):
      throw postgresFailure(sqlState: sqlState, message: message)
    case .rows(let rows):
      guard let row = rows.first, row.count == 5, let version = status("server_version") else {
        throw ProbeFailure.wrongProtocol(message: "the answer to the status query is incomplete")
      }
      let start = row[1].flatMap(Double.init)
      let now = row[2].flatMap(Double.init)
      return ServerReport(
        flavour: .postgresql, version: version, marker: row[0].flatMap { $0.isEmpty ? nil : $0 },
        startTime: start.map { Date(timeIntervalSince1970: $0) },
        uptimeSeconds: start.flatMap { start in now.map { $0 - start } }, runID: row[1],
        isReadOnly: row[3].map { $0 == "t" }, port: row[4].flatMap { Int($0) })
    }
  }
}
