import HealthProbes
import MonotonicTime

/// Databases that PostgreSQL copies as a whole from a template.
struct PostgresCopies: DatabaseCopies {
  let session: PostgresAdministrator

  func create(_ name: String, until deadline: Deadline) async throws {
    let strategy = try await strategy(until: deadline)
    try await session.execute(["CREATE DATABASE \(Self.owned(name))\(strategy)"], until: deadline)
  }

  func close(_ name: String, until deadline: Deadline) async throws {
    try await session.execute(
      [
        // A background worker of an extension would be a session as well.
        "ALTER DATABASE \(PostgresSQL.quoteIdentifier(name)) ALLOW_CONNECTIONS false",
        Self.endingSessions(in: name),
      ], until: deadline)
  }

  func copier(of name: String, until deadline: Deadline) async throws -> DatabaseCopier {
    let template = PostgresSQL.quoteIdentifier(name)
    let end = " TEMPLATE \(template)" + (try await strategy(until: deadline))
    return { [session] name, deadline in
      try await session.execute(["CREATE DATABASE \(Self.owned(name))\(end)"], until: deadline)
    }
  }

  func drop(_ name: String, until deadline: Deadline) async throws {
    let drop = "DROP DATABASE IF EXISTS \(PostgresSQL.quoteIdentifier(name))"
    try await session.execute([Self.endingSessions(in: name), drop], until: deadline)
  }

  func isInUse(_ name: String, until deadline: Deadline) async throws -> Bool {
    let found = "SELECT 1 FROM pg_stat_activity WHERE datname = \(PostgresSQL.quoteLiteral(name)) LIMIT 1"
    return try await !session.query(found, until: deadline).isEmpty
  }

  func databases(beginningWith prefix: String, until deadline: Deadline) async throws -> [String] {
    let list = """
      SELECT datname FROM pg_database \
      WHERE left(datname, \(prefix.unicodeScalars.count)) = \(PostgresSQL.quoteLiteral(prefix))
      """
    return try await session.query(list, until: deadline).compactMap { $0.first ?? nil }
  }

  func isBusy(with text: String, until deadline: Deadline) async throws -> Bool {
    let found = """
      SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() \
      AND strpos(query, \(PostgresSQL.quoteLiteral(text))) > 0 LIMIT 1
      """
    return try await !session.query(found, until: deadline).isEmpty
  }

  private static func owned(_ name: String) -> String {
    "\(PostgresSQL.quoteIdentifier(name)) OWNER \(PostgresSQL.quoteIdentifier(EngineAccounts.app))"
  }

  private static func endingSessions(in name: String) -> String {
    """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = \(PostgresSQL.quoteLiteral(name)) AND pid <> pg_backend_pid()
    """
  }

  /// Copying files takes a third of the time that going through the log does, but needs a checkpoint before and after, which
  /// is nothing only where nothing is synced. Before 15 there was no other way, and no word for it.
  private func strategy(until deadline: Deadline) async throws -> String {
    let isBetter = """
      SELECT current_setting('server_version_num')::int >= 150000 AND current_setting('fsync') = 'off'
      """
    return try await session.query(isBetter, until: deadline).first?.first == "t" ? " STRATEGY FILE_COPY" : ""
  }
}
