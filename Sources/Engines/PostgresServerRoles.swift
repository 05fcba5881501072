import HealthProbes
import MonotonicTime

/// The roles whose members run programs, and read and write files, as the server's user.
///
/// Before PostgreSQL 16 whoever may make roles, as RDS's master user may, can grant them to anybody; RDS's own engine refuses
/// that. PostgreSQL itself lets none but a superuser grant a role that is one, so these are made superusers: nobody can log
/// in as one of them, and nobody is a member. From 16 on the engine refuses by itself.
enum PostgresServerRoles {
  private static let names = "('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')"

  /// Lets nobody grant them, for data in which they have no members.
  static let lock = """
    UPDATE pg_authid SET rolsuper = true WHERE rolname IN \(names) \
    AND pg_catalog.current_setting('server_version_num')::int < 160000
    """

  private static let members = """
    SELECT r.rolname AS role, m.rolname AS member FROM pg_auth_members a \
    JOIN pg_authid r ON r.oid = a.roleid JOIN pg_authid m ON m.oid = a.member \
    WHERE r.rolname IN \(names) AND NOT m.rolsuper
    """

  /// Takes them from whoever has them. The lock keeps a grant out that is just being made.
  private static func taking(_ more: String = "") -> String {
    """
    DO $$DECLARE g record; BEGIN LOCK TABLE pg_catalog.pg_auth_members IN EXCLUSIVE MODE; \
    FOR g IN \(members) LOOP EXECUTE pg_catalog.format('REVOKE %I FROM %I', g.role, g.member); END LOOP; \
    \(more) END$$
    """
  }

  /// A member of a superuser could become one: both in one transaction.
  static let takeAndLock = taking(lock + ";")

  private static let endingSessions = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE backend_type = 'client backend' AND usename IS DISTINCT FROM current_user
    """

  /// Takes the roles from their members, and keeps them from all.
  /// - Returns: Who had what, in a sentence; nil where nobody had anything.
  static func confine(_ administrator: PostgresAdministrator, until deadline: Deadline) async throws
    -> String?
  {
    let found = try await administrator.query("\(members) ORDER BY 1, 2", masking: [], until: deadline)
    var statements = [takeAndLock]
    if !found.isEmpty {
      // A session that has become such a role goes on being it.
      statements = [taking(), endingSessions] + statements
    }
    // A grant that waited for the lock is there only now.
    try await administrator.execute(statements + [taking()], masking: [], until: deadline)
    guard !found.isEmpty else { return nil }
    let grants = found.map { row in row.map { $0 ?? "" }.joined(separator: " of ") }
    return
      "the right to run programs and open files on the server was taken away, as RDS gives it to nobody: "
      + grants.joined(separator: ", ")
  }
}
