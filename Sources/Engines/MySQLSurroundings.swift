import HealthProbes
import MonotonicTime

/// The collations that a server of the MySQL family knows.
struct MySQLSurroundings: Sendable, Hashable {
  /// Their names.
  var collations: Set<String>
  /// What it gives utf8mb4 by itself.
  var own: String
  /// Whether it takes MySQL's names besides its own, as newer MariaDB does.
  var isAliased = false

  /// Asks a server, as the app.
  static func of(_ server: ProbeTarget) async throws -> MySQLSurroundings {
    let session = MySQLAdministrator(target: server)
    let deadline = Deadline.after(.seconds(30))
    let rows = try await session.query(
      """
      SELECT COLLATION_NAME, '' FROM information_schema.COLLATIONS UNION ALL \
      SELECT DEFAULT_COLLATE_NAME, 'own' FROM information_schema.CHARACTER_SETS \
      WHERE CHARACTER_SET_NAME = 'utf8mb4'
      """, until: deadline)
    let alias = "SELECT _utf8mb4'' COLLATE utf8mb4_0900_ai_ci"
    return MySQLSurroundings(
      collations: Set(rows.compactMap { $0[0]?.lowercased() }),
      own: rows.first { $0[1] == "own" }?[0] ?? "utf8mb4_general_ci",
      isAliased: (try? await session.query(alias, until: deadline)) != nil)
  }

  /// What stands in for a collation that the server does not know: its own, or one that tells apart what that one tells
  /// apart, as keys may be unique by it. Nil for one that it knows, and for what is no name of a family that one server has
  /// and another lacks.
  func substitute(for name: String) -> String? {
    let name = name.lowercased()
    let parts = name.split(separator: "_")
    guard let charset = parts.first.map(String.init), charset.hasPrefix("utf"), !knows(name, charset),
      parts.contains("0900") || parts.contains("uca1400")
    else { return nil }
    if parts.last == "bin" { return "\(charset)_bin" }
    if parts.contains("as"), let end = parts.last {
      let exact = ["\(charset)_uca1400_as_\(end)", "\(charset)_0900_as_\(end)"]
      return exact.first { knows($0, charset) } ?? "\(charset)_bin"
    }
    return charset == "utf8mb4" ? own : "\(charset)_general_ci"
  }

  /// MariaDB lists those that every character set has without its name.
  private func knows(_ name: String, _ charset: String) -> Bool {
    let short = String(name.dropFirst(charset.count + 1))
    return collations.contains(name) || collations.contains(short)
      || (isAliased && name.contains("_0900_"))
  }
}
