package import MonotonicTime

/// Makes a database out of another one, under a name that is free.
package typealias DatabaseCopier = @Sendable (_ name: String, _ deadline: Deadline) async throws -> Void

/// What an engine does with databases that are copies of others. They are the app's, and made by the administrator.
///
/// Each throws `StatementError`, `ProbeFailure` where the server cannot be reached, and `CancellationError`.
package protocol DatabaseCopies: Sendable {
  /// Makes an empty database.
  func create(_ name: String, until deadline: Deadline) async throws
  /// Ends the sessions in a database that is about to be copied, and keeps new ones out where the engine can.
  func close(_ name: String, until deadline: Deadline) async throws
  /// Finds out what copies a database. It is to be as it is now for as long as copies are made.
  func copier(of name: String, until deadline: Deadline) async throws -> DatabaseCopier
  /// Removes a database, whoever is in it; one that is not there is fine.
  func drop(_ name: String, until deadline: Deadline) async throws
  /// Whether somebody has a session in it.
  func isInUse(_ name: String, until deadline: Deadline) async throws -> Bool
  /// The databases whose names begin so, byte for byte.
  func databases(beginningWith prefix: String, until deadline: Deadline) async throws -> [String]
  /// Whether a statement is still being carried out whose text holds this: a server goes on with one whose client has gone.
  func isBusy(with text: String, until deadline: Deadline) async throws -> Bool
}
