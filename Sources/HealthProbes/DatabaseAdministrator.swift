import DrydockBase
package import MonotonicTime

/// Runs statements as a database's administrator, one connection a call.
///
/// Statements run one by one, each in a transaction of its own, since CREATE DATABASE allows no other.
package protocol DatabaseAdministrator: Sendable {
  /// The server, and the account that administers it.
  var target: ProbeTarget { get }

  /// Asks the server who it is, so that a stranger is never administered.
  /// - Throws: `ProbeFailure`, `CancellationError`.
  func identify(until deadline: Deadline) async throws -> ServerReport

  /// Runs the statements in order and stops at the first that fails.
  /// - Parameter secrets: texts which an error message must not repeat, such as passwords in the statements.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  func execute(_ statements: [String], masking secrets: [String], until deadline: Deadline) async throws

  /// Runs one statement and returns its rows as text, NULL as `nil`.
  /// - Throws: `StatementError`, `ProbeFailure` where the connection fails, `CancellationError`.
  func query(_ statement: String, masking secrets: [String], until deadline: Deadline) async throws
    -> [[String?]]
}

extension DatabaseAdministrator {
  /// Runs statements that hold no secrets.
  package func execute(_ statements: [String], until deadline: Deadline) async throws {
    try await execute(statements, masking: [], until: deadline)
  }

  /// Runs one statement that holds no secret.
  package func query(_ statement: String, until deadline: Deadline) async throws -> [[String?]] {
    try await query(statement, masking: [], until: deadline)
  }
}

/// A statement that a database refused. Holds neither the statement nor its secrets.
package struct StatementError: Error, Sendable, Hashable, CustomStringConvertible {
  /// PostgreSQL's SQLSTATE, or MySQL's and MariaDB's error number.
  package let code: String
  /// The server's own words, secrets masked.
  package let message: String
  /// Which of the statements it was, from 0.
  package let index: Int
  /// The server, as messages name it.
  package let address: String

  init(code: String, message: String, index: Int, target: ProbeTarget, secrets: [String]) {
    self.code = code
    self.message = (secrets + [target.password])
      .filter { !$0.isEmpty }
      .reduce(message) { $0.replacingExactly($1, with: "****") }
    self.index = index
    self.address = target.address
  }

  /// The message a user reads.
  package var description: String {
    "the database at \(address) refused statement \(index + 1): \(message) (\(code))"
  }
}
