import ConvoxEnvironment
import ConvoxManifest
import HealthProbes
import MonotonicTime
import TransportSecurity

/// MySQL. Natively, MariaDB stands in for it where no MySQL is installed, and says so.
struct MySQLEngine: MySQLFamilyEngine {
  let resourceType = ResourceType(
    name: "mysql", v3Names: ["rds-mysql"],
    options: OptionRule.database(version: "5.7", documentedVersion: "5.7.22", "MySQL"),
    v3Options: ResourceType.databaseOptionsOfV3,
    deployNotes: [
      .minorVersionPinned(majorNumbers: 2),
      .retired("MySQL", .init(from: [5, 1], before: [5, 7])),
      .extendedSupport("MySQL", .init(from: [5, 7], before: [5, 8]), since: "2024-03-01"),
      .noSuchVersion(
        "MySQL", except: .init(from: [5, 1], before: [5, 8]), .init(from: [8, 0], before: [10])),
    ])
  let variableShape = VariableShape.database(scheme: "mysql")
  let standardPort = 3306
  let versions = VersionTable(
    repository: "mysql", imageVariable: "MYSQL_VERSION", default: "5.7", seriesLength: 2,
    withoutARM64: ["5.5", "5.6", "5.7"])

  let nativeSearch = NativeSearch(
    servers: ["mysqld", "mariadbd"],
    tools: [
      "install": ["mariadb-install-db", "mysql_install_db"], "dump": ["mariadb-dump", "mysqldump"],
      "client": ["mariadb", "mysql"],
    ],
    folders: [
      "/usr/sbin", "/usr/libexec", "/opt/homebrew/opt/mysql*/bin", "/usr/local/opt/mysql*/bin",
      "/usr/local/mysql/bin",
    ],
    // Ubuntu has it; Debian has MariaDB only, so that it is from MySQL's own repository there.
    apt: "mysql-server",
    debian: NativeSearch.DebianPackages(
      since: nil, standIn: "mariadb-server", clients: "default-mysql-client"),
    brew: "mysql", clients: "default-mysql-client")

  private let standIn = MariaDBEngine()
  var kin: [any ServerEngine] { [standIn] }

  /// MySQL.
  init() {}

  /// Before 5.7 its TLS is too old to be spoken today: there a password is kept by the way in which it logs in, which shows
  /// no more than a hash.
  func provesItself(_ version: ServerVersion) -> Bool { !version.parts.lexicographicallyPrecedes([5, 7]) }

  func transport(options: [String: String], forcesTLS: Bool) -> TransportPolicy { .optional }

  func container(_ request: ServerRequest) -> ContainerRecipe {
    let passwordFile = "/drydock/administrator-password"
    let tls = request.tlsFiles(in: "/drydock", owner: "mysql")
    return ContainerRecipe(
      command: MySQLFamily.settings(request) + MySQLFamily.settings(tls),
      environment: [
        "MYSQL_ROOT_PASSWORD_FILE": passwordFile,
        "MYSQL_ROOT_HOST": "%",
        "MYSQL_INITDB_SKIP_TZINFO": "1",
      ],
      firstEnvironment: ["MYSQL_DATABASE": EngineAccounts.app],
      files: [RecipeFile(passwordFile, request.administratorPassword, mode: 0o444)] + (tls?.files ?? []),
      dataPath: "/var/lib/mysql", dataMark: "ibdata1", servedMark: MySQLFamily.binaryLogIndex)
  }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    guard !installation.isMariaDB else { return standIn.native(request, installation, folders) }
    return NativeRecipe(
      files: MySQLFamily.nativeFiles(request, folders, MySQLFamily.definers(installation.version)),
      initialise: [
        NativeCommand(
          installation.server,
          [
            "--no-defaults", "--initialize-insecure", "--datadir=\(folders.data)",
            "--tmpdir=\(folders.scratch)", "--init-file=\(folders.timeZones)",
          ])
      ],
      wantsTimeZones: true,
      identityFiles: identityFiles,
      serve: NativeCommand(
        installation.server,
        // The X protocol would listen on a port of its own. A folder for server-side files is built in, and MySQL
        // ends where that is missing or the user may not enter it; `app` may not use it anyway.
        MySQLFamily.serverArguments(request, folders, relayLog: "relay-bin") + [
          "--mysqlx=OFF", "--secure-file-priv=NULL", "--loose-binlog-expire-logs-seconds=86400",
        ]))
  }

  /// The server's UUID, and the keys that it makes for connections.
  var identityFiles: [String] {
    ["auto.cnf"]
      + ["ca", "ca-key", "server-cert", "server-key", "client-cert", "client-key"].map { "\($0).pem" }
      + ["private_key.pem", "public_key.pem"]
  }

  func accepts(_ installation: NativeInstallation) -> Acceptance {
    installation.isMariaDB ? .standIn("mariadb") : .itself
  }
}
