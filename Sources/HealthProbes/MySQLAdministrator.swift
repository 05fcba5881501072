package import MonotonicTime

/// Runs statements on a MySQL or MariaDB server as its administrator, over TCP or its Unix socket.
package struct MySQLAdministrator: DatabaseAdministrator {
  /// The server and the account; the database may be empty.
  package let target: ProbeTarget

  /// An administrator of one server.
  package init(target: ProbeTarget) {
    self.target = target
  }

  /// Asks the server who it is.
  /// - Throws: `ProbeFailure`, `CancellationError`.
  package func identify(until deadline: Deadline) async throws -> ServerReport {
    try await MySQLProbe(target: target).attempt(until: deadline)
  }

  /// Runs the statements in order and stops at the first that fails.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  package func execute(
    _ statements: [String], masking secrets: [String], until deadline: Deadline
  ) async throws {
    let connection = try await MySQLConnection(to: target, until: deadline)
    for (index, statement) in statements.enumerated() {
      _ = try await answer(connection, statement, index, secrets, until: deadline)
    }
  }

  /// Runs one statement and returns its rows as text.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  package func query(
    _ statement: String, masking secrets: [String], until deadline: Deadline
  ) async throws -> [[String?]] {
    let connection = try await MySQLConnection(to: target, until: deadline)
    return try await answer(connection, statement, 0, secrets, until: deadline).rows
  }

  /// Runs one statement in a session of which others have made settings, and returns its rows as text.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  package func query(_ statement: String, after settings: [String], until deadline: Deadline) async throws
    -> [[String?]]
  {
    let connection = try await MySQLConnection(to: target, until: deadline)
    for (index, setting) in settings.enumerated() {
      _ = try await answer(connection, setting, index, [], until: deadline)
    }
    return try await answer(connection, statement, settings.count, [], until: deadline).rows
  }

  /// Runs one statement and returns its rows by the columns' names, in which servers differ; NULL is left out.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  package func queryByColumn(_ statement: String, until deadline: Deadline) async throws -> [[String: String]]
  {
    let connection = try await MySQLConnection(to: target, until: deadline)
    let (rows, columns) = try await answer(connection, statement, 0, [], until: deadline)
    return rows.map { row in
      Dictionary(zip(columns, row).compactMap { pair in pair.1.map { (pair.0, $0) } }) { first, _ in first }
    }
  }

  private func answer(
    _ connection: MySQLConnection, _ statement: String, _ index: Int, _ secrets: [String],
    until deadline: Deadline
  ) async throws -> (rows: [[String?]], columns: [String]) {
    switch try await connection.query(statement, until: deadline) {
    case .rows(let rows, let columns): return (rows, columns)
    case .error(let code, let message):
      throw StatementError(
        code: String(code), message: message, index: index, target: target, secrets: secrets)
    }
  }
}
