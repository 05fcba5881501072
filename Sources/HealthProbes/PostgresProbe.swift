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
  /// `cluster_name` is there from 9.5 on. `pg_settings`, which has a row for each setting, would be three times as
  /// slow as all of this.
  private static let question = """
    SELECT current_setting('server_version'),
      CASE WHEN current_setting('server_version_num')::int >= 90500 THEN current_setting('cluster_name') END,
      extract(epoch FROM pg_postmaster_start_time())::text,
      extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::text,
      pg_is_in_recovery()::text, current_setting('port')
    """

  /// What the server says about itself.
  func report(until deadline: Deadline) async throws -> ServerReport {
    switch try await query(Self.question, until: deadline) {
    case .error(let sqlState, let message):
      throw postgresFailure(sqlState: sqlState, message: message)
    case .rows(let rows):
      guard let row = rows.first, row.count == 6, let version = row[0] else {
        throw ProbeFailure.wrongProtocol(message: "the answer to the status query is incomplete")
      }
      return ServerReport(
        flavour: .postgresql, version: version, marker: row[1].flatMap { $0.isEmpty ? nil : $0 },
        startTime: row[2].flatMap(Double.init).map { Date(timeIntervalSince1970: $0) },
        uptimeSeconds: row[3].flatMap(Double.init), runID: row[2],
        isReadOnly: row[4].map { $0 == "true" }, port: row[5].flatMap { Int($0) })
    }
  }
}
