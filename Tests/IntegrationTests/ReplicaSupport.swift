import DrydockTestSupport
import Foundation
import Testing

/// A resource as `ps --format json` shows it, with what it says of a replica.
struct ReplicaRow: Decodable {
  struct Replication: Decodable {
    var isConnected: Bool
    var isApplying: Bool
    var isLost: Bool
    var lag: Int?
    var lagUnit: String
    var lagSeconds: Double?
  }

  var resource: String
  var status: String
  var pid: Int32?
  var container: String?
  var startedAt: String?
  var source: String?
  var isPaused: Bool?
  var replication: Replication?

  /// What stays while a server runs on.
  var process: [String] { [pid.map { "\($0)" } ?? container ?? "", startedAt ?? ""] }
}

/// An app whose databases have one read replica each, named after them.
struct ReplicaApp {
  let app: AppFixture
  let sources: [String]

  static let versions = ["pg": ("postgres", "15"), "maria": ("mariadb", "10.11"), "my": ("mysql", "9.7")]

  static func copy(_ source: String) -> String { "\(source)-copy" }

  /// The databases, and the replicas as replicas, as databases of their own, or not at all.
  static func manifest(_ sources: [String], _ copies: Copies) -> String {
    let lines = sources.flatMap { source -> [String] in
      let (type, version) = versions[source] ?? ("", "")
      func line(_ name: String, _ more: String) -> String {
        "  \(name): { type: \(type), options: { version: \"\(version)\"\(more) } }"
      }
      let reference = ", readSourceDB: \"#convox.resources.\(source)\""
      switch copies {
      case .none: return [line(source, "")]
      case .replicas: return [line(source, ""), line(copy(source), reference)]
      case .onlyCopies: return [line(copy(source), "")]
      case .independent: return [line(source, ""), line(copy(source), "")]
      }
    }
    return (["resources:"] + lines).joined(separator: "\n") + "\n"
  }

  enum Copies { case none, replicas, independent, onlyCopies }

  func write(_ copies: Copies) throws { try app.write(manifest: Self.manifest(sources, copies)) }

  func rows() async throws -> [String: ReplicaRow] {
    let result = try await app.drydock("ps", "--format", "json")
    try #require(result.status == 0, "\(result)")
    let rows: [ReplicaRow] = try result.decode()
    return Dictionary(rows.map { ($0.resource, $0) }) { first, _ in first }
  }

  func urls() async throws -> [String: String] {
    let variables = try await app.variables()
    let names = sources + sources.map(Self.copy)
    return Dictionary(
      names.compactMap { name in
        variables["\(name.uppercased().replacing("-", with: "_"))_URL"].map { (name, $0) }
      }
    ) { first, _ in first }
  }

  /// Runs a statement on each source.
  func write(_ statement: String, _ urls: [String: String]) async throws {
    for source in sources { try await app.query(statement, at: try #require(urls[source])) }
  }

  /// How many rows each replica has.
  func counts(_ urls: [String: String]) async throws -> [Int] {
    var counts: [Int] = []
    for source in sources {
      let result = try await app.sql("SELECT count(*) FROM notes", at: try #require(urls[Self.copy(source)]))
      counts.append(Int(result.stdout.trimmingCharacters(in: .newlines)) ?? -1)
    }
    return counts
  }

  /// Waits until every replica has that many rows.
  func replicasHave(_ count: Int, _ urls: [String: String]) async throws {
    try await eventually("\(count) rows on the replicas") {
      try await counts(urls).allSatisfy { $0 == count }
    }
  }

  /// Waits until every replica is behind its source.
  func replicasAreBehind() async throws {
    try await eventually("a lag of all replicas") {
      let rows = try await rows()
      return sources.allSatisfy { rows[Self.copy($0)]?.replication?.lag ?? 0 > 0 }
    }
  }

  /// Waits until the paused replicas have received what their sources wrote, as far as those can tell.
  func hasReceived(_ urls: [String: String]) async throws {
    let query = """
      SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sent_lsn = pg_current_wal_lsn()
      """
    try await eventually("the log to be sent") {
      try await app.query(query, at: try #require(urls["pg"])) == "1"
    }
    // A dump thread of the MySQL family that waits has sent everything.
    for source in sources where source != "pg" {
      let query = """
        SELECT count(*) FROM information_schema.processlist
        WHERE command LIKE 'Binlog Dump%' AND (state LIKE '%sent all binlog%')
        """
      try await eventually("the log to be sent") {
        try await app.query(query, at: try #require(urls[source])) == "1"
      }
    }
  }

  /// Waits until every replica is connected.
  func replicasAreConnected() async throws {
    try await eventually("connected replicas") {
      let rows = try await rows()
      return sources.allSatisfy { rows[Self.copy($0)]?.replication?.isConnected == true }
    }
  }

  /// Runs `drydock replica` on each replica.
  func replica(_ words: (String) -> [String]) async throws {
    for source in sources {
      let result = try await app.start(["replica"] + words(Self.copy(source))).result()
      try #require(result.status == 0, "\(result)")
    }
  }

  /// What the sources keep for replicas: slots and accounts.
  func traces(_ source: String, _ urls: [String: String]) async throws -> [String] {
    let query =
      source == "pg"
      ? "SELECT slot_name FROM pg_replication_slots"
      : "SELECT User FROM mysql.user WHERE Repl_slave_priv = 'Y' AND User LIKE 'drydock%' AND Host = '%'"
    return try await app.query(query, at: try #require(urls[source])).split(separator: "\n").map(String.init)
  }
}
