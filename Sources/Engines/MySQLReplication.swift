import HealthProbes
import MonotonicTime

/// Replication of the MySQL family: a consistent dump, then the binary log; by GTID on MariaDB, by position on
/// MySQL, where GTIDs would forbid statements that RDS allows.
struct MySQLReplication: Replication {
  let connectsWhileHeldBack = true
  /// A replica hears of a password by its source's log alone, which a start does not write.
  let hearsOfPasswordsLater = false

  /// The words that a family's version uses.
  let dialect: MySQLDialect

  func prepareSource(_ source: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws {
    let account = "\(MySQLSQL.quoteLiteral(link.name))@'%'"
    let password = MySQLSQL.quoteLiteral(link.password)
    try await MySQLAdministrator(target: source).execute(
      [
        "SET SESSION sql_log_bin = 0",
        "CREATE USER IF NOT EXISTS \(account) IDENTIFIED BY \(password)",
        "ALTER USER \(account) IDENTIFIED BY \(password)",
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT, RELOAD, PROCESS, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES "
          + "ON *.* TO \(account)",
      ], masking: [link.password], until: deadline)
  }

  func seed(_ link: ReplicaLink, _ place: ReplicaPlace) -> ReplicaScript? { nil }

  func load(_ link: ReplicaLink, replica: ProbeTarget, _ place: ReplicaPlace) -> ReplicaScript? {
    let folder: String
    var environment: [String: String] = [:]
    switch place {
    case .native(let installation, let folders):
      folder = folders.folder
      environment["DUMP"] = installation.tools["dump"]
      environment["CLIENT"] = installation.tools["client"]
    case .container(let files):
      folder = files
    }
    environment["COPY"] = place.copy
    environment["SOURCE"] = "\(folder)/source.cnf"
    environment["REPLICA"] = "\(folder)/replica.cnf"
    return ReplicaScript(
      """
      set -e
      umask 077
      dump=${DUMP:-$(command -v mariadb-dump || command -v mysqldump)}
      client=${CLIENT:-$(command -v mariadb || command -v mysql)}
      rm -f "$COPY"
      trap 'rm -f "$COPY"' EXIT
      "$dump" --defaults-file="$SOURCE" --all-databases --single-transaction --quick --routines --events --triggers \
        --flush-privileges --hex-blob \(dialect.dumpOptions) >"$COPY"
      "$client" --defaults-file="$REPLICA" --binary-mode --local-infile=0 \
        --init-command='SET SESSION sql_log_bin = 0' <"$COPY"
      """,
      environment: environment,
      files: [
        RecipeFile(
          "\(folder)/source.cnf",
          options(["protocol=tcp", "host=\(link.host)", "port=\(link.port)"], dialect.administrator(link))),
        RecipeFile(
          "\(folder)/replica.cnf", options(address(replica, place), (replica.user, replica.password))),
      ])
  }

  /// The replica as its own tools reach it. In a container only the image's option files say where its socket is, which these
  /// tools do not read.
  private func address(_ replica: ProbeTarget, _ place: ReplicaPlace) -> [String] {
    guard case .native = place, let socket = replica.unixSocket else {
      return ["protocol=tcp", "host=127.0.0.1", "port=3306"]
    }
    return ["socket=\"\(MySQLClients.escape(socket))\""]
  }

  private func options(_ lines: [String], _ account: (user: String, password: String)) -> String {
    (["[client]"] + lines + ["user=\(account.user)", "password=\"\(MySQLClients.escape(account.password))\""]
      + MySQLClients.anyCertificate)
      .map { $0 + "\n" }
      .joined()
  }

  func configure(_ replica: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws {
    try await MySQLAdministrator(target: replica).execute(
      [dialect.stop, dialect.changeSource(link, dialect.credentials)], masking: [link.password],
      until: deadline)
  }

  func follow(
    _ replica: ProbeTarget, _ link: ReplicaLink, isPaused: Bool, until deadline: Deadline
  ) async throws {
    let status = try await row(replica, until: deadline)
    var address: [String] = []
    if status["\(dialect.noun)_host"] != link.host || status["\(dialect.noun)_port"] != "\(link.port)" {
      // A new address makes the server forget its place, so it is told again.
      address = [dialect.stop, dialect.changeSource(link, dialect.place(status))]
    }
    func start(after statements: [String]) async throws {
      let start = [isPaused ? dialect.startReceiving : dialect.start, "SET GLOBAL read_only = ON"]
      let further = dialect.hasSuperReadOnly ? ["SET GLOBAL super_read_only = ON"] : []
      try await MySQLAdministrator(target: replica).execute(
        statements + start + further, masking: [link.password], until: deadline)
    }
    do {
      try await start(after: address)
    } catch let error as StatementError where Self.lacksRelayLogs.contains(error.code) {
      guard let statements = dialect.beginAgain(link, status) else { throw error }
      try await start(after: statements)
    }
  }

  /// "Replica failed to initialize applier metadata structure from the repository", and how MariaDB says it: the relay logs on
  /// record are not there. A server names them after its host, and an earlier container was another host.
  private static let lacksRelayLogs: Set<String> = ["1872", "1201"]

  func position(_ source: ProbeTarget, until deadline: Deadline) async throws -> String {
    try await dialect.position(MySQLAdministrator(target: source), until: deadline)
  }

  func hasPassed(_ position: String, _ replica: ProbeTarget, until deadline: Deadline) async throws -> Bool {
    let status = try await row(replica, until: deadline)
    return status["sql_running"] == "Yes" && dialect.applied(status) >= dialect.parse(position)
  }

  func status(
    _ replica: ProbeTarget, source: ProbeTarget?, _ link: ReplicaLink, until deadline: Deadline
  ) async throws -> ReplicationStatus {
    let row = try await row(replica, until: deadline)
    guard !row.isEmpty else {
      return ReplicationStatus(
        isConnected: false, isApplying: false, lagUnit: dialect.lagUnit, problem: "it is no replica")
    }
    var status = ReplicationStatus(
      isConnected: row["io_running"] == "Yes", isApplying: row["sql_running"] == "Yes",
      lagUnit: dialect.lagUnit,
      lagSeconds: row["seconds_behind"].flatMap(Double.init), problem: Self.problem(row),
      // 1236: the source has purged the log that comes next.
      isLost: row["last_io_errno"] == "1236")
    if let source {
      status.lag = dialect.distance(
        from: dialect.applied(row), to: dialect.parse(try await position(source, until: deadline)))
    }
    return status
  }

  /// What keeps it from following. A source that is not there is none of its own: it is not connected then.
  static func problem(_ row: [String: String]) -> String? {
    let isUnreachable = row["last_io_errno"].map(unreachable.contains) == true
    return [isUnreachable ? nil : row["last_io_error"], row["last_sql_error"]].compactMap { $0 }.first {
      !$0.isEmpty
    }
  }

  /// The client library's errors for a server that does not answer, or went away.
  private static let unreachable: Set<String> = ["2002", "2003", "2005", "2006", "2013"]

  /// Told its place in what it has received, the server keeps that; else it would ask its source for it again.
  func applyReceived(_ replica: ProbeTarget, until deadline: Deadline) async throws {
    let status = try await row(replica, until: deadline)
    guard let file = status["relay_file"], let position = status["relay_position"], !file.isEmpty else {
      return
    }
    let change = dialect.changeRelay(file: file, position: position)
    try await MySQLAdministrator(target: replica).execute(
      [dialect.stop, change, dialect.startApplying], until: deadline)
    var pause = Backoff()
    while true {
      let status = try await row(replica, until: deadline)
      if status["sql_running"] != "Yes"
        || status["applying_state"]?.contains("has read all relay log") == true
      {
        return
      }
      try await pause.sleep(until: deadline, "the replica to apply what it has received")
    }
  }

  func promote(_ replica: ProbeTarget, until deadline: Deadline) async throws {
    try await MySQLAdministrator(target: replica).execute(
      [dialect.stop] + (dialect.hasSuperReadOnly ? ["SET GLOBAL super_read_only = OFF"] : [])
        + ["SET GLOBAL read_only = OFF", dialect.reset], until: deadline)
  }

  func releaseSource(_ source: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws {
    try await MySQLAdministrator(target: source).execute(
      ["SET SESSION sql_log_bin = 0", "DROP USER IF EXISTS \(MySQLSQL.quoteLiteral(link.name))@'%'"],
      until: deadline)
  }

  func setDelay(_ seconds: Int, _ replica: ProbeTarget, until deadline: Deadline) async throws {
    // One that is paused stays so.
    let isApplying = try await row(replica, until: deadline)["sql_running"] == "Yes"
    try await MySQLAdministrator(target: replica).execute(
      [dialect.stop, dialect.setDelay(seconds), isApplying ? dialect.start : dialect.startReceiving],
      until: deadline)
  }

  func setPaused(_ paused: Bool, _ replica: ProbeTarget, until deadline: Deadline) async throws {
    try await MySQLAdministrator(target: replica).execute(
      [paused ? dialect.stopApplying : dialect.start], until: deadline)
  }

  /// The replica's status by names that both families share; empty for a server that is no replica.
  private func row(_ replica: ProbeTarget, until deadline: Deadline) async throws -> [String: String] {
    try await dialect.status(MySQLAdministrator(target: replica), until: deadline)
  }
}
