import ConvoxEnvironment
import ConvoxManifest
import HealthProbes
import MonotonicTime

/// MariaDB.
struct MariaDBEngine: ServerEngine {
  let resourceType = ResourceType(
    name: "mariadb", v3Names: ["rds-mariadb"],
    options: OptionRule.database(version: "10.4", documentedVersion: "10.4", "MariaDB"),
    deployNotes: [.minorVersionPinned(majorNumbers: 2)])
  let variableShape = VariableShape.database(scheme: "mysql")
  let standardPort = 3306
  let versions = VersionTable(
    repository: "mariadb", imageVariable: "MARIADB_VERSION", default: "10.4", seriesLength: 2)

  let nativeSearch = NativeSearch(
    servers: ["mariadbd", "mysqld"],
    tools: [
      "install": ["mariadb-install-db", "mysql_install_db"], "dump": ["mariadb-dump", "mysqldump"],
      "client": ["mariadb", "mysql"],
    ],
    folders: [
      "/usr/sbin", "/usr/libexec", "/opt/homebrew/opt/mariadb*/bin", "/usr/local/opt/mariadb*/bin",
      "/usr/local/mariadb/bin",
    ],
    apt: "mariadb-server", brew: "mariadb")

  let accounts: EngineAccounts? = MySQLFamily.accounts(containerAdministrator: "root")
  let stopSteps = MySQLFamily.stopSteps

  /// MariaDB.
  init() {}

  func transport(options: [String: String], forcesTLS: Bool) -> TransportPolicy { .optional }

  func container(_ request: ServerRequest) -> ContainerRecipe {
    let passwordFile = "/drydock/administrator-password"
    let tls = request.tlsFiles(in: "/drydock", owner: "mysql")
    return ContainerRecipe(
      command: MySQLFamily.settings(request) + MySQLFamily.settings(tls),
      environment: [
        "MARIADB_ROOT_PASSWORD_FILE": passwordFile,
        "MARIADB_ROOT_HOST": "%",
        // Loading every time zone takes a second of a first start; RDS names them by offset as well.
        "MARIADB_INITDB_SKIP_TZINFO": "1",
      ],
      files: [RecipeFile(passwordFile, request.administratorPassword, mode: 0o444)]
        + (tls?.files ?? []) + [Self.clientSettings],
      dataPath: "/var/lib/mysql")
  }

  /// The image's own script asks its temporary server by a client that, from 11.4 on, verifies certificates, and
  /// trusts nobody.
  private static let clientSettings = RecipeFile(
    "/etc/mysql/conf.d/drydock.cnf", "[client]\nloose-skip-ssl-verify-server-cert\n", mode: 0o444)

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    NativeRecipe(
      files: MySQLFamily.nativeFiles(request, folders),
      initialise: [
        NativeCommand(
          installation.tools["install"] ?? "mariadb-install-db",
          [
            "--no-defaults", "--datadir=\(folders.data)", "--auth-root-authentication-method=socket",
            "--skip-test-db", "--skip-name-resolve", "--tmpdir=\(folders.scratch)",
          ])
      ],
      serve: NativeCommand(
        installation.server, MySQLFamily.serverArguments(request, folders) + ["--loose-expire-logs-days=1"]),
      users: ["mysql"])
  }

  /// MySQL is installed under the name mysqld too.
  func accepts(_ installation: NativeInstallation) -> Acceptance {
    installation.isMariaDB ? .itself : .no
  }

  func socket(_ request: ServerRequest, _ folders: NativeFolders) -> String? {
    MySQLFamily.socket(folders)
  }

  func replication(_ source: ServerVersion?, isMariaDB: Bool) -> (any Replication)? {
    MySQLReplication(dialect: MySQLDialect(isMariaDB: isMariaDB, version: source))
  }

  func probe(_ target: ProbeTarget) -> any HealthProbe { MySQLProbe(target: target) }

  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(marker: request.marker)
  }

  func provision(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    try await MySQLFamily.provision(administrator, request, until: deadline)
  }

  func changePassword(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    try await MySQLFamily.changePassword(administrator, request, until: deadline)
  }

  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool {
    MySQLFamily.canServe(data: data, with: server)
  }
}
