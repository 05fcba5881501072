public import ConvoxEnvironment
public import ConvoxManifest
public import HealthProbes
public import MonotonicTime

/// MariaDB.
public struct MariaDBEngine: ServerEngine {
  public let resourceType = ResourceType(
    name: "mariadb", v3Names: ["rds-mariadb"],
    options: OptionRule.database(version: "10.4", documentedVersion: "10.4", "MariaDB"))
  public let variableShape = VariableShape.database(scheme: "mysql")
  public let standardPort = 3306
  public let versions = VersionTable(
    repository: "mariadb", imageVariable: "MARIADB_VERSION", default: "10.4", seriesLength: 2)

  public let nativeSearch = NativeSearch(
    servers: ["mariadbd", "mysqld"], tools: ["install": ["mariadb-install-db", "mysql_install_db"]],
    folders: [
      "/usr/sbin", "/usr/libexec", "/opt/homebrew/opt/mariadb*/bin", "/usr/local/opt/mariadb*/bin",
      "/usr/local/mariadb/bin",
    ],
    apt: "mariadb-server", brew: "mariadb")

  public let accounts: EngineAccounts? = MySQLFamily.accounts(containerAdministrator: "root")
  public let stopSteps = MySQLFamily.stopSteps

  /// MariaDB.
  public init() {}

  public func container(_ request: ServerRequest) -> ContainerRecipe {
    let passwordFile = "/drydock/administrator-password"
    return ContainerRecipe(
      command: MySQLFamily.settings(request),
      environment: [
        "MARIADB_ROOT_PASSWORD_FILE": passwordFile,
        "MARIADB_ROOT_HOST": "%",
        // Loading every time zone takes a second of a first start; RDS names them by offset as well.
        "MARIADB_INITDB_SKIP_TZINFO": "1",
      ],
      files: [RecipeFile(passwordFile, request.administratorPassword, mode: 0o444)],
      dataPath: "/var/lib/mysql")
  }

  public func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    NativeRecipe(
      files: [RecipeFile(MySQLFamily.initFilePath(folders), MySQLFamily.initFile(request))],
      initialise: [
        NativeCommand(
          installation.tools["install"] ?? "mariadb-install-db",
          [
            "--no-defaults", "--datadir=\(folders.data)", "--auth-root-authentication-method=socket",
            "--skip-test-db", "--skip-name-resolve",
          ])
      ],
      serve: NativeCommand(
        installation.server, MySQLFamily.serverArguments(request, folders) + ["--loose-expire-logs-days=1"]),
      socket: MySQLFamily.socket(folders),
      users: ["mysql"])
  }

  /// MySQL is installed under the name mysqld too.
  public func accepts(_ installation: NativeInstallation) -> Acceptance {
    installation.isMariaDB ? .itself : .no
  }

  public func probe(_ target: ProbeTarget) -> any HealthProbe { MySQLProbe(target: target) }

  public func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(marker: request.marker)
  }

  public func provision(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    try await MySQLFamily.provision(administrator, request, until: deadline)
  }

  public func canServe(data: ServerVersion, with server: ServerVersion) -> Bool {
    MySQLFamily.canServe(data: data, with: server)
  }
}
