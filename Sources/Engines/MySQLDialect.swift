import HealthProbes
import MonotonicTime

/// The words in which a server of the MySQL family speaks of replication: MySQL renamed them in 8.0.23 and dropped
/// the old ones in 8.4, MariaDB kept them.
struct MySQLDialect: Sendable, Hashable {
  /// Whether it is MariaDB.
  var isMariaDB: Bool
  /// The server's version.
  var version: ServerVersion?

  /// Whether the new words are understood.
  private var speaksNew: Bool {
    guard !isMariaDB, let version else { return false }
    return version.parts.lexicographicallyPrecedes([8, 0, 23]) == false
  }

  var hasSuperReadOnly: Bool { !isMariaDB }
  var stop: String { speaksNew ? "STOP REPLICA" : "STOP SLAVE" }
  var start: String { speaksNew ? "START REPLICA" : "START SLAVE" }
  var startReceiving: String { "\(start) IO_THREAD" }
  var startApplying: String { "\(start) SQL_THREAD" }
  var stopApplying: String { speaksNew ? "STOP REPLICA SQL_THREAD" : "STOP SLAVE SQL_THREAD" }
  /// Forgets its place and what it has received, and keeps the account by which it reads.
  private var forget: String { speaksNew ? "RESET REPLICA" : "RESET SLAVE" }
  var reset: String { speaksNew ? "RESET REPLICA ALL" : "RESET SLAVE ALL" }
  /// What the status calls the source, in lower case.
  var noun: String { "source" }
  private var word: String { speaksNew ? "SOURCE" : "MASTER" }
  private var change: String { speaksNew ? "CHANGE REPLICATION SOURCE TO" : "CHANGE MASTER TO" }

  /// What makes a dump say which position it belongs to.
  var dumpOptions: String {
    if isMariaDB { return "--master-data=1 --gtid" }
    return (speaksNew ? "--source-data=1" : "--master-data=1") + " --set-gtid-purged=OFF"
  }

  /// The account by which the dump is taken.
  func administrator(_ link: ReplicaLink) -> (user: String, password: String) { (link.name, link.password) }

  /// The statement that names the source, with further clauses.
  func changeSource(_ link: ReplicaLink, _ clauses: [String]) -> String {
    let address = [
      "\(word)_HOST = \(MySQLSQL.quoteLiteral(link.host))", "\(word)_PORT = \(link.port)",
      "\(word)_USER = \(MySQLSQL.quoteLiteral(link.name))",
      "\(word)_PASSWORD = \(MySQLSQL.quoteLiteral(link.password))",
    ]
    return "\(change) " + (address + clauses).joined(separator: ", ")
  }

  /// Clauses for a first connection. The key by which a password travels without TLS has to be asked for.
  var credentials: [String] {
    (isMariaDB ? ["MASTER_USE_GTID = slave_pos"] : speaksNew ? ["GET_SOURCE_PUBLIC_KEY = 1"] : []) + retry
  }

  /// Seconds between attempts: the default of a minute is long for somebody who watches.
  private var retry: [String] { ["\(word)_CONNECT_RETRY = 1"] }

  /// Clauses that put a replica back to the place that it had reached.
  func place(_ status: [String: String]) -> [String] {
    guard !isMariaDB, let file = status["applied_file"], let position = status["applied_position"] else {
      return credentials
    }
    return credentials + [
      "\(word)_LOG_FILE = \(MySQLSQL.quoteLiteral(file))", "\(word)_LOG_POS = \(position)",
    ]
  }

  /// Statements by which a replica whose relay logs are not found goes on from what it had applied, as far behind as it was to
  /// be; nil where that place is not known.
  func beginAgain(_ link: ReplicaLink, _ status: [String: String]) -> [String]? {
    guard isMariaDB || status["applied_file"]?.isEmpty == false else { return nil }
    let delay = status["delay"].map { ["\(word)_DELAY = \($0)"] } ?? []
    return [stop, forget, changeSource(link, place(status) + delay)]
  }

  func setDelay(_ seconds: Int) -> String { "\(change) \(word)_DELAY = \(seconds)" }

  /// Puts a replica to a place in the log that it received, to apply that at once and without its source.
  func changeRelay(file: String, position: String) -> String {
    let clauses =
      (isMariaDB ? ["MASTER_USE_GTID = no"] : []) + [
        "\(word)_DELAY = 0", "RELAY_LOG_FILE = \(MySQLSQL.quoteLiteral(file))", "RELAY_LOG_POS = \(position)",
      ]
    return "\(change) " + clauses.joined(separator: ", ")
  }

  /// The status by names that both families share.
  func status(_ replica: MySQLAdministrator, until deadline: Deadline) async throws -> [String: String] {
    let query = speaksNew ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS"
    guard let row = try await replica.queryByColumn(query, until: deadline).first else { return [:] }
    let names = [
      "source_host": "\(speaksNew ? "Source" : "Master")_Host",
      "source_port": "\(speaksNew ? "Source" : "Master")_Port",
      "io_running": "\(speaksNew ? "Replica" : "Slave")_IO_Running",
      "sql_running": "\(speaksNew ? "Replica" : "Slave")_SQL_Running",
      "seconds_behind": "Seconds_Behind_\(speaksNew ? "Source" : "Master")",
      "delay": "SQL_Delay", "relay_file": "Relay_Log_File", "relay_position": "Relay_Log_Pos",
      "applying_state": "\(speaksNew ? "Replica" : "Slave")_SQL_Running_State",
      "applied_file": "Relay_\(speaksNew ? "Source" : "Master")_Log_File",
      "applied_position": "Exec_\(speaksNew ? "Source" : "Master")_Log_Pos", "last_io_error": "Last_IO_Error",
      "last_io_errno": "Last_IO_Errno", "last_sql_error": "Last_SQL_Error",
    ]
    var status = names.compactMapValues { row[$0] }
    if isMariaDB {
      status["gtid"] =
        try await replica.query("SELECT @@global.gtid_slave_pos", until: deadline).first?.first ?? nil
    }
    return status
  }

  // MARK: Positions

  var lagUnit: String { isMariaDB ? "transactions" : "bytes" }

  /// A source's position as text: a GTID list, or file and offset.
  func position(_ source: MySQLAdministrator, until deadline: Deadline) async throws -> String {
    if isMariaDB {
      // What a source applied itself, as a replica of another, counts too.
      return try await source.query("SELECT @@global.gtid_current_pos", until: deadline).first?.first.flatMap
      { $0 } ?? ""
    }
    let hasNewName = !isMariaDB && (version?.parts.lexicographicallyPrecedes([8, 2]) == false)
    let query = hasNewName ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS"
    let row = try await source.queryByColumn(query, until: deadline).first
    return "\(row?["File"] ?? ""):\(row?["Position"] ?? "0")"
  }

  /// A position in numbers that compare: a GTID's domain and sequence number, or the file's number and the offset.
  func parse(_ position: String) -> MySQLPosition {
    if isMariaDB {
      let numbers = position.split(separator: ",").compactMap { gtid -> (Int, Int)? in
        let parts = gtid.split(separator: "-").compactMap { Int($0) }
        return parts.count == 3 ? (parts[0], parts[2]) : nil
      }
      return MySQLPosition(parts: Dictionary(numbers) { max($0, $1) })
    }
    let parts = position.split(separator: ":")
    let file = parts.first?.split(separator: ".").last.flatMap { Int($0) } ?? 0
    let offset = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    return MySQLPosition(parts: [0: file << 40 + offset])
  }

  /// What a replica has applied.
  func applied(_ status: [String: String]) -> MySQLPosition {
    if isMariaDB { return parse(status["gtid"] ?? "") }
    return parse("\(status["applied_file"] ?? ""):\(status["applied_position"] ?? "0")")
  }

  /// How far one position is behind another; nil across files, whose sizes are not known here.
  func distance(from applied: MySQLPosition, to position: MySQLPosition) -> Int? {
    let steps = position.parts.map { $0.value - (applied.parts[$0.key] ?? 0) }.filter { $0 > 0 }.reduce(0, +)
    return steps < 1 << 40 ? steps : nil
  }
}

/// A place in the logs of a source: a sequence number for each replication domain.
struct MySQLPosition: Sendable, Hashable {
  var parts: [Int: Int]

  static func >= (left: MySQLPosition, right: MySQLPosition) -> Bool {
    right.parts.allSatisfy { (left.parts[$0.key] ?? 0) >= $0.value }
  }
}
