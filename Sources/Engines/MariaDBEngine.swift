import ConvoxEnvironment
import ConvoxManifest
import HealthProbes
import MonotonicTime
import TransportSecurity

/// MariaDB.
struct MariaDBEngine: MySQLFamilyEngine {
  let resourceType = ResourceType(
    name: "mariadb", v3Names: ["rds-mariadb"],
    options: OptionRule.database(version: "10.4", documentedVersion: "10.4", "MariaDB"),
    v3Options: ResourceType.databaseOptionsOfV3,
    deployNotes: [
      .minorVersionPinned(majorNumbers: 2),
      .retired("MariaDB", .init(from: [10, 0], before: [10, 3])),
      .noSuchVersion(
        "MariaDB", except: .init(from: [10, 0], before: [10, 12]), .init(from: [11, 0], before: [13])),
    ])
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
    apt: "mariadb-server", brew: "mariadb", clients: "mariadb-client")

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
        // The image's script loads each zone up to three times, which takes a second of a first start.
        "MARIADB_INITDB_SKIP_TZINFO": "1",
      ],
      // An image's scripts for new data run in the database that is named so.
      firstEnvironment: ["MARIADB_DATABASE": EngineAccounts.app],
      files: [RecipeFile(passwordFile, request.administratorPassword, mode: 0o444)]
        + (tls?.files ?? []) + [Self.clientSettings],
      dataPath: "/var/lib/mysql", dataMark: "ibdata1", servedMark: MySQLFamily.binaryLogIndex)
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
          "/bin/sh",
          [
            "-c", Self.install, installation.tools["install"] ?? "mariadb-install-db", folders.timeZones,
            installation.server, folders.data, "--no-defaults", "--datadir=\(folders.data)",
            "--auth-root-authentication-method=socket",
            "--skip-test-db", "--skip-name-resolve",
            // The server makes a log of its own size; until then there is less to write and to copy.
            "--innodb-log-file-size=4M",
          ],
          // Not as an argument: the script hands those on without quotes, and a path may hold spaces.
          environment: ["TMPDIR": folders.scratch])
      ],
      wantsTimeZones: true,
      serve: NativeCommand(
        installation.server,
        // The name that it gives them itself, after its file with the process number.
        MySQLFamily.serverArguments(request, folders, relayLog: "server-relay-bin")
          + ["--loose-expire-logs-days=1"]))
  }

  /// Makes the data directory with the time zones in it. Older tools take no statements besides their own.
  static let install = """
    zones=$1 server=$2 data=$3
    shift 3
    if grep -q -e '--extra-file=' "$0"; then exec "$0" "$@" "--extra-file=$zones"; fi
    "$0" "$@" && "$server" --no-defaults --bootstrap "--datadir=$data" "--tmpdir=$TMPDIR" <"$zones"
    """

  /// MySQL is installed under the name mysqld too.
  func accepts(_ installation: NativeInstallation) -> Acceptance {
    installation.isMariaDB ? .itself : .no
  }
}
