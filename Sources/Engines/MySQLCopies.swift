import HealthProbes
import MonotonicTime

/// Databases that MySQL and MariaDB make anew by the statements of another one's schema, and fill from it.
struct MySQLCopies: DatabaseCopies {
  let session: MySQLAdministrator

  func create(_ name: String, until deadline: Deadline) async throws {
    let database = MySQLSQL.quoteIdentifier(name)
    try await session.execute(["CREATE DATABASE \(database) CHARACTER SET utf8mb4"], until: deadline)
  }

  /// One that holds a lock would hold up every copy.
  func close(_ name: String, until deadline: Deadline) async throws {
    for session in try await sessions(in: name, until: deadline) {
      do {
        try await self.session.execute(["KILL \(session)"], until: deadline)
      } catch let error as StatementError where error.code == Self.noSuchThread {
        // It has left by itself.
      }
    }
  }

  func copier(of name: String, until deadline: Deadline) async throws -> DatabaseCopier {
    let schema = try await MySQLSchema(of: name, session, until: deadline)
    return { [session] name, deadline in
      try await session.execute(schema.statements(for: name), until: deadline)
    }
  }

  func drop(_ name: String, until deadline: Deadline) async throws {
    try await close(name, until: deadline)
    try await session.execute(
      ["DROP DATABASE IF EXISTS \(MySQLSQL.quoteIdentifier(name))"], until: deadline)
  }

  func isInUse(_ name: String, until deadline: Deadline) async throws -> Bool {
    try await !sessions(in: name, until: deadline).isEmpty
  }

  func databases(beginningWith prefix: String, until deadline: Deadline) async throws -> [String] {
    let list = """
      SELECT SCHEMA_NAME FROM information_schema.SCHEMATA \
      WHERE CAST(LEFT(SCHEMA_NAME, \(prefix.unicodeScalars.count)) AS BINARY) = \
      CAST(\(MySQLSQL.quoteLiteral(prefix)) AS BINARY)
      """
    return try await session.query(list, until: deadline).compactMap { $0.first ?? nil }
  }

  func isBusy(with text: String, until deadline: Deadline) async throws -> Bool {
    let found = """
      SELECT 1 FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() \
      AND LOCATE(\(MySQLSQL.quoteLiteral(text)), INFO) > 0 LIMIT 1
      """
    return try await !session.query(found, until: deadline).isEmpty
  }

  private static let noSuchThread = "1094"

  private func sessions(in name: String, until deadline: Deadline) async throws -> [String] {
    let database = MySQLSQL.quoteLiteral(name)
    let list = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = \(database)"
    return try await session.query(list, until: deadline).compactMap { $0.first ?? nil }
  }
}
