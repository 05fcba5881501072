import ConvoxEnvironment
import HealthProbes
import MonotonicTime

/// What the administrator does beside an import into a server of the MySQL family.
struct MySQLImport {
  private let session: MySQLAdministrator
  /// The name of the lock that the import's own session holds, by which it is found.
  private let mark: String
  /// When it began, by the server's clock, in seconds of the epoch.
  private let start: String

  /// The largest packet that the protocol holds, in bytes.
  private static let largestPacket = 1 << 30
  private static let patience = Duration.seconds(10)

  /// A name for a session that nobody else has.
  static func newMark() -> String { "drydock-\(UInt64.random(in: .min ... .max))" }

  /// The statement by which a session takes its name.
  static func marking(_ mark: String) -> String { "DO GET_LOCK('\(mark)', 0)" }

  /// Has sessions that begin now send statements as large as the protocol has them: by itself a server takes 4 to 64 MB, less
  /// than a value may have that came by other ways. An import has its session's limit from its beginning on.
  /// - Parameter session: The name that the import's session takes.
  static func prepare(_ administrator: ProbeTarget, session mark: String) async throws -> PreparedServer {
    let session = MySQLAdministrator(target: administrator)
    let rows = try await session.query(
      "SELECT @@global.max_allowed_packet, UNIX_TIMESTAMP()", until: .after(.seconds(30)))
    let values = rows.first?.compactMap(\.self) ?? []
    let work = MySQLImport(session: session, mark: mark, start: values.last ?? "0")
    @Sendable func set(_ size: Int) async throws {
      try await session.execute(["SET GLOBAL max_allowed_packet = \(size)"], until: .after(.seconds(30)))
    }
    let size = values.first.flatMap { Int($0) } ?? largestPacket
    if size < largestPacket { try await set(largestPacket) }
    return PreparedServer(
      putBack: {
        if size < largestPacket { _ = try? await shieldedFromCancellation { try await set(size) } }
      },
      endWork: { _ = try? await shieldedFromCancellation { try await work.end() } },
      changedTables: { try? await shieldedFromCancellation { try await work.changedTables() } })
  }

  /// Ends the import's session where it goes on without its client.
  private func end() async throws {
    let found = try await session.query("SELECT IS_USED_LOCK('\(mark)')", until: .after(Self.patience))
    guard let id = found.first?.first.flatMap({ $0 }).flatMap({ Int($0) }) else { return }
    try await session.execute(["KILL CONNECTION \(id)"], until: .after(Self.patience))
  }

  private func changedTables() async throws -> [String] {
    let rows = try await session.query(
      Self.tablesChanged(since: start), after: [Self.freshStatistics], until: .after(Self.patience))
    return rows.compactMap { $0.first.flatMap { $0 } }
  }

  /// MySQL would tell of a table what it knew of it a day ago. MariaDB, which has no such setting, passes over the comment.
  static let freshStatistics =
    "SET @drydock = 0 /*!80000 , SESSION information_schema_stats_expiry = 0 */"

  static func tablesChanged(since start: String) -> String {
    """
    SELECT table_name FROM information_schema.tables \
    WHERE table_schema = '\(EngineAccounts.app)' \
    AND (create_time >= FROM_UNIXTIME(\(start)) OR update_time >= FROM_UNIXTIME(\(start))) \
    ORDER BY COALESCE(update_time, create_time) DESC, table_name
    """
  }
}
