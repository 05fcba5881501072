import HealthProbes
import MonotonicTime

/// What of a server, and of its account `app`, decides whether a line of a dump can be obeyed there.
struct PostgresSurroundings: Sendable, Hashable {
  /// The settings that it knows, of those that dumps make.
  var settings: Set<String>
  var roles: Set<String>
  /// The roles that the app may take: to them it may give what it owns.
  var ownRoles: Set<String>
  /// Whether it has the schema `public`; and whether that is the app's.
  var hasPublic = true
  var ownsPublic = true

  /// The settings that pg_dump makes and that not every server knows: what a newer one's dump begins with, an older server
  /// refuses.
  static let dumpSettings: Set<String> = [
    "lock_timeout", "row_security", "idle_in_transaction_session_timeout", "default_table_access_method",
    "transaction_timeout", "idle_session_timeout", "default_toast_compression",
  ]

  /// Asks a server, as the app.
  static func of(_ server: ProbeTarget) async throws -> PostgresSurroundings {
    let names = dumpSettings.sorted().map(PostgresSQL.quoteLiteral).joined(separator: ", ")
    let rows = try await PostgresAdministrator(target: server).query(
      """
      SELECT 'setting', name FROM pg_catalog.pg_settings WHERE name IN (\(names)) \
      UNION ALL SELECT 'role', rolname FROM pg_catalog.pg_roles \
      UNION ALL SELECT 'own', rolname FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(oid, 'MEMBER') \
      UNION ALL SELECT 'schema', pg_catalog.pg_has_role(nspowner, 'USAGE')::text \
      FROM pg_catalog.pg_namespace WHERE nspname = 'public'
      """, until: .after(.seconds(30)))
    func values(_ kind: String) -> Set<String> { Set(rows.filter { $0[0] == kind }.compactMap { $0[1] }) }
    let schema = values("schema")
    return PostgresSurroundings(
      settings: values("setting"), roles: values("role"), ownRoles: values("own"),
      hasPublic: !schema.isEmpty, ownsPublic: schema.contains("true"))
  }
}
