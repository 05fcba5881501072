import ConvoxEnvironment
import ConvoxManifest
import Essentials
import HealthProbes
import MonotonicTime
import TransportSecurity

/// PostgreSQL, as RDS runs it: the app's user has what RDS's master user has, and is no superuser.
struct PostgresEngine: ServerEngine {
  let resourceType = ResourceType(
    name: "postgres", v3Names: ["postgis", "rds-postgres"],
    options: OptionRule.database(version: "12", documentedVersion: "12", "PostgreSQL"),
    v3Options: ResourceType.databaseOptionsOfV3,
    deployNotes: [
      .noSuchVersion(
        "PostgreSQL", except: .init(from: [9, 3], before: [9, 7]), .init(from: [10], before: [20])),
      .retired("PostgreSQL", .init(from: [9], before: [11])),
      .extendedSupport("PostgreSQL", .init(from: [11], before: [12]), since: "2024-03-01"),
      .extendedSupport("PostgreSQL", .init(from: [12], before: [13]), since: "2025-03-01"),
      .minorVersionPinned(majorNumbers: 1, legacyBelow: 10),
      DeployNote(
        .versionAtLeast([15]), "PostgreSQL {version} on RDS refuses connections without TLS (rds.force_ssl)",
        suggestion: "connect with sslmode=require, or set the parameter in a group of your own"),
    ],
    // Its order never changes: another C library, as a newer base image brings it, would leave indexes of text wrong.
    differences: [
      TypeDifference(
        "(collation)", "C.UTF-8", onAWS: "Text sorts by en_US.UTF-8: a A b",
        "text sorts by its bytes: A a b; ORDER BY … COLLATE \"en-US-x-icu\" sorts as there"),
      TypeDifference(
        "(extensions)", "RDS's list", onAWS: "The master user creates those that RDS has",
        "those of them that are installed; before PostgreSQL 13 the superuser's only"),
    ])
  let variableShape = VariableShape.database(scheme: "postgres")
  let standardPort = 5432

  /// Since version 10 the first number alone is the series; before it, the first two.
  let versions = VersionTable(
    repository: "postgres", imageVariable: "PG_VERSION", default: "12", seriesLength: 1,
    longerSeriesBelow: 10)

  let nativeSearch = NativeSearch(
    servers: ["postgres"],
    tools: [
      "initdb": ["initdb"], "basebackup": ["pg_basebackup"], "dump": ["pg_dump"], "client": ["psql"],
      "restore": ["pg_restore"],
    ],
    folders: [
      "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin",
      "/usr/local/opt/postgresql@*/bin",
    ],
    apt: "postgresql", brew: "postgresql@17", clients: "postgresql-client")

  let nativeUsers = ["postgres"]
  let accounts: EngineAccounts? = EngineAccounts(
    nativeAdministrator: "drydock", containerAdministrator: "drydock", maintenanceDatabase: "postgres")

  /// SIGINT is the fast shutdown: sessions end, data is flushed. SIGQUIT leaves recovery to the next start.
  let stopSteps = [
    StopStage(.interrupt, .seconds(20)), StopStage(.quit, .seconds(5)), StopStage(.kill, .seconds(5)),
  ]

  /// PostgreSQL.
  init() {}

  func transport(options: [String: String], forcesTLS: Bool) -> TransportPolicy {
    forcesTLS ? .required : .optional
  }

  /// Before 12 a replica is configured by a file of its own, of which nothing is known here.
  func obstacle(options: [String: String], version: ServerVersion) -> String? {
    guard version.major < 12, options["readSourceDB"].flatMap(ResourceOption.referencedName) != nil else {
      return nil
    }
    return
      "PostgreSQL \(version) can be no read replica here: it gets its source by settings that came with 12"
  }

  func container(_ request: ServerRequest) -> ContainerRecipe {
    let passwordFile = "/drydock/administrator-password"
    // The image's own access file lets no replica in from another container.
    let accessFile = "/drydock/pg_hba.conf"
    let tls = PostgresTLS(request, folder: "/drydock")
    return ContainerRecipe(
      command: settings(request) + ["-c", "hba_file=\(accessFile)"] + (tls?.settings ?? []),
      environment: [
        "POSTGRES_USER": "drydock",
        "POSTGRES_DB": "postgres",
        "POSTGRES_PASSWORD_FILE": passwordFile,
        // A directory that is thrown away when initialisation fails needs no sync while it is made.
        "POSTGRES_INITDB_ARGS": (initialisation + ["--auth-host=scram-sha-256", "--no-sync"]).joined(
          separator: " "),
      ],
      // The image's script reads it as the image's own user, whose number differs between images.
      files: [
        RecipeFile(passwordFile, request.administratorPassword, mode: 0o444),
        RecipeFile(accessFile, PostgresTLS.access(request, local: Self.trusting), mode: 0o444),
      ] + (tls?.files ?? []),
      dataPath: "/var/lib/postgresql/data", dataVariable: "PGDATA", dataMark: "PG_VERSION",
      servedMark: "postmaster.pid",
      // Parallel workers share their work there. It is memory only as far as it is used.
      sharedMemory: 1 << 30)
  }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    let accessFile = "\(folders.folder)/pg_hba.conf"
    let namesFile = "\(folders.folder)/pg_ident.conf"
    let tls = PostgresTLS(request, folder: folders.folder)
    return NativeRecipe(
      files: [
        RecipeFile(accessFile, PostgresTLS.access(request, local: Self.knowing)),
        RecipeFile(namesFile, Self.names(folders.caller)),
      ] + (tls?.files ?? []),
      initialise: [
        NativeCommand(
          installation.tools["initdb"] ?? "initdb",
          // Nobody has a password yet; whoever serves it without the access file above lets nobody in.
          ["--pgdata", folders.data, "--username", "drydock", "--auth-local=reject", "--auth-host=reject"]
            + ["--no-sync", "--no-instructions"] + initialisation),
        withoutClients(accounts(installation.version), installation, folders),
      ],
      staleFiles: ["postmaster.pid"],
      serve: NativeCommand(
        installation.server,
        [
          "-D", folders.data, "-c", "listen_addresses=127.0.0.1", "-c", "port=\(request.port)",
          "-c", "unix_socket_directories=\(folders.sockets)",
        ] + settings(request) + PostgresExtensions.preloading(installation.server)
          + ["-c", "hba_file=\(accessFile)", "-c", "ident_file=\(namesFile)"] + (tls?.settings ?? [])),
      // The memory that its processes share.
      writablePaths: ["/dev/shm"])
  }

  /// The lines of pg_hba.conf for the socket in a container, which nobody outside of it can reach.
  static let trusting = "local all all trust"

  /// The same for the socket of a process: the system tells the server who comes, and as drydock itself the administrator
  /// needs no password, which new data has for nobody. A server of its own start to set it would take as long as the
  /// one that stays.
  private static let knowing = """
    local all drydock peer map=drydock
    local all all scram-sha-256
    """

  /// pg_ident.conf: who is drydock. Root may do everything with the server as it is.
  private static func names(_ caller: String?) -> String {
    Set(["root"] + (caller.map { [$0] } ?? [])).sorted().map {
      "drydock \(quoted($0)) drydock\n"
    }.joined()
  }

  /// A word of PostgreSQL's access files, in which a quote is written twice ("The pg_hba.conf File" and "User Name Maps").
  private static func quoted(_ word: String) -> String {
    "\"" + word.replacing("\"", with: "\"\"") + "\""
  }

  let initialisation = ["--encoding=UTF8", "--locale=C.UTF-8"]

  /// Runs statements in new data before a server listens: a third of the time that it takes afterwards, since nothing has to
  /// reach the disk yet. As with initdb's --no-sync, data that is not whole is made anew.
  private func withoutClients(
    _ statements: String, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeCommand {
    NativeCommand(
      installation.server, ["--single", "-D", folders.data] + provisioningSettings + ["postgres"],
      input: statements, phase: "provisioning")
  }

  let provisioningSettings = [
    "-c", "fsync=off", "-c", "password_encryption=scram-sha-256", "-c", "exit_on_error=on",
    // A statement that fails would be repeated in the error output, password included.
    "-c", "log_min_error_statement=panic",
  ]

  /// Makes the app's account and database in new data, the same for every request: nobody has a password yet. One statement a
  /// line is what a server without clients reads.
  func accounts(_ version: ServerVersion?) -> String {
    // Copying files is the quickest way where nothing else runs; before 15 it was the only one.
    let strategy = (version?.major ?? 0) >= 15 ? " STRATEGY FILE_COPY" : ""
    return Self.lines(
      rdsRole + ["CREATE ROLE app \(Self.attributes)"] + memberships
        + [PostgresServerRoles.lock, createDatabase + strategy])
  }

  let nativeGap = ProvisioningGap.passwords

  func setPasswords(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    try await PostgresAdministrator(target: administrator).setPasswords(
      [("drydock", request.administratorPassword), (EngineAccounts.app, request.password)], until: deadline)
  }

  /// Gives both accounts this request's passwords.
  func passwords(_ request: ServerRequest) -> String {
    Self.lines(
      [("drydock", request.administratorPassword), (EngineAccounts.app, request.password)].map {
        "ALTER ROLE \($0) PASSWORD \(PostgresSQL.quoteLiteral($1))"
      })
  }

  private static func lines(_ statements: [String]) -> String { statements.map { $0 + "\n" }.joined() }

  /// The role that RDS's master user is a member of.
  private let rdsRole = [
    "CREATE ROLE rds_superuser NOLOGIN",
    "GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION",
  ]

  private func account(_ request: ServerRequest, verb: String) -> [String] {
    let role = PostgresSQL.quoteIdentifier(EngineAccounts.app)
    let password = PostgresSQL.quoteLiteral(request.password)
    return ["\(verb) ROLE \(role) \(Self.attributes) PASSWORD \(password)"] + memberships
  }

  private static let attributes = "LOGIN CREATEDB CREATEROLE"

  private var memberships: [String] { ["GRANT rds_superuser TO app", Self.replicationRole] }

  /// RDS's master user may load data past triggers and foreign keys; before 15 that is a superuser's alone.
  private static let replicationRole = """
    DO $$BEGIN IF pg_catalog.current_setting('server_version_num')::int >= 150000 THEN \
    EXECUTE 'GRANT SET ON PARAMETER session_replication_role TO rds_superuser'; END IF; END$$
    """

  private let createDatabase = "CREATE DATABASE app OWNER app"

  func settings(_ request: ServerRequest) -> [String] {
    var settings = [
      "-c", "cluster_name=\(request.marker)", "-c", "wal_level=replica", "-c",
      "password_encryption=scram-sha-256",
    ]
    // Since 13 a replica that is gone cannot fill the disk.
    if let version = request.version, version.major >= 13 {
      settings += ["-c", "max_slot_wal_keep_size=2GB"]
    }
    return settings + (request.isThrowAway ? Self.withoutDurability : [])
      + (request.replica.map(PostgresReplication.settings) ?? [])
  }

  /// For data that goes with its server, which is killed: what its processes share by names would stay, unless it is files
  /// in the data directory.
  ///
  /// Room for locks is made when it starts, for each connection: with this many, a quarter is more than the usual server has
  /// in all, and a start takes a fifth less.
  private static let withoutDurability = [
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB",
    "checkpoint_timeout=1h", "autovacuum_naptime=5min", "max_connections=500",
    "max_locks_per_transaction=16", "max_pred_locks_per_transaction=16",
    "dynamic_shared_memory_type=mmap",
  ].flatMap { ["-c", $0] }

  /// For extensions, which `app` may create as RDS's master user does.
  func relocation(_ installation: NativeInstallation) -> Relocation? {
    guard installation.version.major >= PostgresExtensions.firstVersion else { return nil }
    let server = URL(filePath: installation.server).resolvingSymlinksInPath().path
    return PostgresLayout(server: server)?.relocation
  }

  func imageAmendments(_ version: ServerVersion) -> ImageAmendments? {
    version.major >= PostgresExtensions.firstVersion ? PostgresExtensions.image(version) : nil
  }

  func socket(_ request: ServerRequest, _ folders: NativeFolders) -> String? {
    "\(folders.sockets)/.s.PGSQL.\(request.port)"
  }

  func replication(_ source: ServerVersion?, servedBy product: String) -> (any Replication)? {
    PostgresReplication()
  }

  func console(_ place: ClientPlace) -> ConsoleMethod { .client(PostgresClients(place: place).console) }

  func transfer(_ place: ClientPlace) -> TransferMethod? { .tools(PostgresClients(place: place).transfer) }

  func probe(_ target: ProbeTarget) -> any HealthProbe { PostgresProbe(target: target) }

  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(marker: request.marker)
  }

  func provision(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    do {
      try await provisionOnce(administrator, request, until: deadline)
    } catch let error as StatementError where Self.existsAlready.contains(error.code) {
      // The server finishes the statement of a run that was killed; a second look finds what that made.
      try await provisionOnce(administrator, request, until: deadline)
    }
  }

  /// The SQLSTATEs of a duplicate database, a duplicate role, and a duplicate that another session made just now.
  private static let existsAlready: Set<String> = ["42P04", "42710", "23505"]

  private func provisionOnce(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws {
    let session = PostgresAdministrator(target: administrator)
    func exists(_ query: String) async throws -> Bool {
      try await !session.query(query, until: deadline).isEmpty
    }
    var statements: [String] = []
    if try await !exists("SELECT 1 FROM pg_roles WHERE rolname = 'rds_superuser'") { statements += rdsRole }
    let verb = try await exists("SELECT 1 FROM pg_roles WHERE rolname = 'app'") ? "ALTER" : "CREATE"
    statements += account(request, verb: verb) + [PostgresServerRoles.takeAndLock]
    if try await !exists("SELECT 1 FROM pg_database WHERE datname = 'app'") {
      statements.append(createDatabase)
    }
    try await session.execute(statements, masking: [request.password], until: deadline)
  }

  /// Libraries that are to be loaded into each session and are not there keep everybody out. The account may ask for them
  /// itself, and so may a dump that it loads.
  func resetSettings(_ administrator: ProbeTarget, until deadline: Deadline) async throws {
    let statement = """
      DO $do$ DECLARE place record; library text; BEGIN
        FOR place IN SELECT s.setrole, d.datname FROM pg_db_role_setting s
          LEFT JOIN pg_database d ON d.oid = s.setdatabase
          WHERE s.setrole = 'app'::regrole OR s.setrole = 0 AND d.datname = 'app'
        LOOP
          FOREACH library IN ARRAY ARRAY['local_preload_libraries', 'session_preload_libraries'] LOOP
            IF place.setrole = 0 THEN
              EXECUTE format('ALTER DATABASE %I RESET %I', place.datname, library);
            ELSIF place.datname IS NULL THEN
              EXECUTE format('ALTER ROLE app RESET %I', library);
            ELSE
              EXECUTE format('ALTER ROLE app IN DATABASE %I RESET %I', place.datname, library);
            END IF;
          END LOOP;
        END LOOP;
      END $do$
      """
    try await PostgresAdministrator(target: administrator).execute([statement], until: deadline)
  }

  func copies(_ administrator: ProbeTarget) -> (any DatabaseCopies)? {
    PostgresCopies(session: PostgresAdministrator(target: administrator))
  }

  let confinement = 1

  func confine(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline) async throws
    -> String?
  {
    try await PostgresServerRoles.confine(PostgresAdministrator(target: administrator), until: deadline)
  }

  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool {
    versions.series(of: data) == versions.series(of: server)
  }
}
