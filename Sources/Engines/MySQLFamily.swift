import ConvoxManifest
import HealthProbes
import MonotonicTime

/// What MySQL and MariaDB have in common.
enum MySQLFamily {
  /// SIGTERM is the orderly shutdown; InnoDB flushes, which takes its time on a slow disk.
  static let stopSteps = [StopStage(.terminate, .seconds(25)), StopStage(.kill, .seconds(5))]

  static func accounts(containerAdministrator: String) -> EngineAccounts {
    EngineAccounts(
      nativeAdministrator: "drydock", containerAdministrator: containerAdministrator,
      maintenanceDatabase: "mysql")
  }

  /// The privileges of RDS's master user: everything but SUPER, FILE, SHUTDOWN and their like.
  private static let privileges = """
    SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, \
    CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, \
    CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER
    """

  /// Statements that bring database and accounts into the wanted state, whatever state they are in. They stay
  /// out of the binary log, for a replica has accounts of its own.
  static func provisioning(_ request: ServerRequest) -> [String] {
    let app = MySQLSQL.quoteIdentifier(EngineAccounts.app)
    let password = MySQLSQL.quoteLiteral(request.password)
    return [
      "SET SESSION sql_log_bin = 0",
      "CREATE DATABASE IF NOT EXISTS \(app) CHARACTER SET utf8mb4",
      "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY \(password)",
      "ALTER USER 'app'@'%' IDENTIFIED BY \(password)",
      "GRANT \(privileges) ON *.* TO 'app'@'%' WITH GRANT OPTION",
    ]
  }

  /// What RDS's master user may besides, from MySQL 8.0.36 on: make views and routines in the name of others, also of
  /// such as are not here, which dumps do.
  static func definers(_ version: ServerVersion) -> [String] {
    func isBefore(_ parts: [Int]) -> Bool { version.parts.lexicographicallyPrecedes(parts) }
    guard !isBefore([8, 0, 36]) else { return [] }
    let rights = isBefore([8, 2]) ? "SET_USER_ID" : "SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER"
    return ["SET SESSION sql_log_bin = 0", "GRANT \(rights) ON *.* TO 'app'@'%'"]
  }

  static func provision(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    let session = MySQLAdministrator(target: administrator)
    try await session.execute(provisioning(request), masking: [request.password], until: deadline)
    let banner = try await session.query("SELECT VERSION()", until: deadline).first?.first ?? nil
    if let banner, !banner.contains("MariaDB"), let version = ServerVersion(in: banner) {
      try await session.execute(definers(version), until: deadline)
    }
    try await loadTimeZones(administrator, isLogged: false, until: deadline)
  }

  /// Fills the tables of time zones where the server knows no zone by its name.
  /// - Parameter isLogged: Whether replicas are to hear of it.
  static func loadTimeZones(
    _ administrator: ProbeTarget, isLogged: Bool, until deadline: Deadline
  ) async throws {
    let session = MySQLAdministrator(target: administrator)
    let found = try await session.query("SELECT CONVERT_TZ(now(), 'UTC', 'UTC')", until: deadline)
    guard found.first?.first ?? nil == nil else { return }
    let tables = try await offThePool { ZoneTables() }
    guard !tables.statements.isEmpty else { return }
    try await session.execute(
      (isLogged ? [] : ["SET SESSION sql_log_bin = 0"]) + tables.refilling, until: deadline)
  }

  /// Provisioning stays out of the binary log; a new password has to be in it.
  static func changePassword(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws {
    let password = MySQLSQL.quoteLiteral(request.password)
    let statements = ["CREATE USER IF NOT EXISTS", "ALTER USER"].map {
      "\($0) 'app'@'%' IDENTIFIED BY \(password)"
    }
    try await MySQLAdministrator(target: administrator).execute(
      statements, masking: [request.password], until: deadline)
    try await provision(administrator, request, until: deadline)
  }

  /// The file that a native server runs at each start before it listens: one statement a line.
  /// - Parameter more: Further statements.
  static func initFile(_ request: ServerRequest, _ more: [String] = []) -> String {
    let password = MySQLSQL.quoteLiteral(request.administratorPassword)
    let administrator = [
      "CREATE USER IF NOT EXISTS 'drydock'@'localhost' IDENTIFIED BY \(password)",
      "ALTER USER 'drydock'@'localhost' IDENTIFIED BY \(password)",
      "GRANT ALL PRIVILEGES ON *.* TO 'drydock'@'localhost' WITH GRANT OPTION",
    ]
    return (provisioning(request) + more + administrator).map { $0 + ";\n" }.joined()
  }

  /// The list of binary logs in a data directory, which a server begins with its first.
  static let binaryLogIndex = "\(binaryLog).index"
  private static let binaryLog = "binlog"

  /// Settings that both families take, natively and in containers.
  static func settings(_ request: ServerRequest) -> [String] {
    [
      "--report-host=\(request.marker)",
      "--log-bin=\(binaryLog)",
      "--server-id=\(request.serverID)",
      "--max-binlog-size=67108864",
      "--character-set-server=utf8mb4",
      "--skip-name-resolve",
    ] + (request.isThrowAway ? withoutDurability : []) + (request.replica == nil ? [] : replica)
  }

  /// For data that goes with its server.
  private static let withoutDurability = [
    "--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--skip-innodb-doublewrite",
    // Not a fast shutdown besides: an image's first start ends its temporary server by one, and needs what that wrote.
    "--innodb-flush-method=nosync", "--max-connections=500",
  ]

  /// A replica applies nothing before it is told to: it may be paused. Each family and version knows one of the names.
  private static let replica = ["--read-only=ON", "--loose-skip-slave-start", "--loose-skip-replica-start"]

  /// The arguments of a native server.
  /// - Parameter relayLog: What a replica's relay logs are called, up to their numbers. Left to itself, a server may name them
  ///   after the machine, whose name changes.
  static func serverArguments(
    _ request: ServerRequest, _ folders: NativeFolders, relayLog: String
  ) -> [String] {
    let relayLogs = request.replica == nil ? [] : ["--relay-log=\(relayLog)"]
    return [
      "--no-defaults", "--datadir=\(folders.data)", "--bind-address=127.0.0.1", "--port=\(request.port)",
      "--socket=\(socket(folders))", "--pid-file=\(folders.scratch)/server.pid",
      "--init-file=\(initFilePath(folders))", "--tmpdir=\(folders.scratch)",
      // Nobody reads or writes files elsewhere by SQL, whatever rights the app may have found in the tables of accounts.
      "--secure-file-priv=\(folders.scratch)",
    ] + settings(request) + relayLogs + settings(request.tlsFiles(in: folders.folder, owner: "mysql"))
  }

  /// Certificate and key; without an authority to verify clients against, none is asked of them.
  static func settings(_ tls: TLSFiles?) -> [String] {
    guard let tls else { return [] }
    return ["--ssl-cert=\(tls.certificate)", "--ssl-key=\(tls.key)"]
  }

  /// The files of a native server.
  /// - Parameter more: Further statements that it runs before it listens.
  static func nativeFiles(_ request: ServerRequest, _ folders: NativeFolders, _ more: [String] = [])
    -> [RecipeFile]
  {
    [RecipeFile(initFilePath(folders), initFile(request, more))]
      + (request.tlsFiles(in: folders.folder, owner: "mysql")?.files ?? [])
  }

  static func initFilePath(_ folders: NativeFolders) -> String { "\(folders.folder)/provision.sql" }
  static func socket(_ folders: NativeFolders) -> String { "\(folders.sockets)/mysql.sock" }
}

extension NativeInstallation {
  /// Whether it is MariaDB, also where it is installed under MySQL's name.
  var isMariaDB: Bool { banner.contains("MariaDB") }
}
