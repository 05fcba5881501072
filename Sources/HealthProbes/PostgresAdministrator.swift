package import MonotonicTime

/// Runs statements on a PostgreSQL server as its administrator, over TCP or its Unix socket.
package struct PostgresAdministrator: DatabaseAdministrator {
  /// The server and the account; the database is the one statements run in, usually "postgres".
  package let target: ProbeTarget

  /// An administrator of one server.
  package init(target: ProbeTarget) {
    self.target = target
  }

  /// Asks the server who it is.
  /// - Throws: `ProbeFailure`, `CancellationError`.
  package func identify(until deadline: Deadline) async throws -> ServerReport {
    try await PostgresProbe(target: target).attempt(until: deadline)
  }

  /// Runs the statements in order and stops at the first that fails.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  package func execute(
    _ statements: [String], masking secrets: [String], until deadline: Deadline
  ) async throws {
    let connection = try await PostgresConnection(to: target, until: deadline)
    for (index, statement) in statements.enumerated() {
      _ = try await rows(connection, statement, index, secrets, until: deadline)
    }
  }

  /// Gives roles passwords. The server is told what it keeps of each, and never the password itself.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  package func setPasswords(_ passwords: [(role: String, password: String)], until deadline: Deadline)
    async throws
  {
    let connection = try await PostgresConnection(to: target, until: deadline)
    let verifiers = try passwords.map { try connection.verifier(of: $0.password, for: $0.role) }
    // As one query they are one transaction, which waits for the disk once.
    let statements = zip(passwords, verifiers).map { account, verifier in
      "ALTER ROLE \(PostgresSQL.quoteIdentifier(account.role)) PASSWORD \(PostgresSQL.quoteLiteral(verifier))"
    }
    _ = try await rows(connection, statements.joined(separator: "; "), 0, verifiers, until: deadline)
  }

  /// Runs one statement and returns its rows as text.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  package func query(
    _ statement: String, masking secrets: [String], until deadline: Deadline
  ) async throws -> [[String?]] {
    let connection = try await PostgresConnection(to: target, until: deadline)
    return try await rows(connection, statement, 0, secrets, until: deadline)
  }

  private func rows(
    _ connection: PostgresConnection, _ statement: String, _ index: Int, _ secrets: [String],
    until deadline: Deadline
  ) async throws -> [[String?]] {
    switch try await connection.query(statement, until: deadline) {
    case .rows(let rows): return rows
    case .error(let code, let message):
      throw StatementError(code: code, message: message, index: index, target: target, secrets: secrets)
    }
  }
}
