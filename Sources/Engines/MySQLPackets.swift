import HealthProbes
import MonotonicTime

/// The size of the largest statement that a server of the MySQL family takes, and so of the largest value in a dump: 4 to
/// 64 MB by itself, less than a value may have that came by other ways.
enum MySQLPackets {
  /// What the protocol holds, in bytes.
  private static let most = 1 << 30

  /// Has sessions that begin now send what they like. An import has its session's limit from its beginning on.
  /// - Returns: What puts the limit back.
  @Sendable static func raise(_ administrator: ProbeTarget) async throws -> @Sendable () async -> Void {
    let session = MySQLAdministrator(target: administrator)
    let rows = try await session.query("SELECT @@global.max_allowed_packet", until: .after(.seconds(30)))
    guard let size = rows.first?.first?.flatMap({ Int($0) }), size < most else { return {} }
    @Sendable func set(_ size: Int) async throws {
      try await session.execute(["SET GLOBAL max_allowed_packet = \(size)"], until: .after(.seconds(30)))
    }
    try await set(most)
    // A server that does not take it back has its own size again from its next start on.
    return { _ = try? await shieldedFromCancellation { try await set(size) } }
  }
}
