import HealthProbes
import Testing

@testable import Engines

@Suite struct NativeRecipeTests {
  /// A type with a server of it, and how that server says that it listens on 127.0.0.1 alone.
  struct Case: Sendable, CustomTestStringConvertible {
    let type: String
    let banner: String
    let listens: [String]
    let marker: String?
    var testDescription: String { "\(type) by \(banner)" }

    func recipe() throws -> NativeRecipe {
      let version = try #require(ServerVersion(in: banner))
      return try #require(server(type)).native(request(), installation(banner, version: version), folders)
    }
  }

  static let cases = [
    Case(
      type: "postgres", banner: "postgres (PostgreSQL) 15.18",
      listens: ["listen_addresses=127.0.0.1", "port=15432"], marker: "cluster_name="),
    Case(
      type: "mysql", banner: "mysqld Ver 8.0.36 for Linux",
      listens: ["--bind-address=127.0.0.1", "--port=15432", "--mysqlx=OFF"], marker: "--report-host="),
    Case(
      type: "mysql", banner: "mariadbd Ver 10.11.6-MariaDB",
      listens: ["--bind-address=127.0.0.1", "--port=15432"], marker: "--report-host="),
    Case(
      type: "mariadb", banner: "mariadbd Ver 10.11.6-MariaDB",
      listens: ["--bind-address=127.0.0.1", "--port=15432"], marker: "--report-host="),
    Case(type: "redis", banner: "Redis server v=7.0.15", listens: [], marker: "/state/mydb/"),
    Case(
      type: "memcached", banner: "memcached 1.6.18", listens: ["-l 127.0.0.1", "-p 15432", "-U 0"],
      marker: nil),
  ]

  @Test(arguments: cases)
  func listensOnTheLoopbackAddressAlone(_ case: Case) throws {
    let recipe = try `case`.recipe()
    let words = recipe.serve.arguments.joined(separator: " ") + " "
    for setting in `case`.listens { #expect(words.contains(setting + " ")) }
    let everything = words + recipe.files.map(\.contents).joined()
    #expect(!everything.contains("0.0.0.0"))
    #expect(!everything.contains("bind *"))
  }

  @Test func redisListensAsItsFileSays() throws {
    let recipe = try #require(Self.cases.first { $0.type == "redis" }).recipe()
    let file = try #require(recipe.files.first)
    #expect(recipe.serve.arguments == [file.path])
    let lines = file.contents.split(separator: "\n")
    #expect(lines.contains("bind 127.0.0.1"))
    #expect(lines.contains("port 15432"))
    #expect(lines.contains("dir \"/state/mydb/data\""))
    #expect(lines.contains("appendonly yes"))
  }

  /// Bug: any user of the machine could change the server's address and password, end it or make it a replica.
  @Test(arguments: ["2.8.24", "5.0.14", "6.0.16", "7.0.15", "8.1"])
  func redisWithholdsWhatElastiCacheDoes(_ text: String) throws {
    let version = try #require(ServerVersion(in: text))
    let engine = try #require(server("redis"))
    let recipe = engine.native(request(), installation("Redis", version: version), folders)
    var wanted = request()
    wanted.version = version
    for file in [recipe.files.first, engine.container(wanted).files.first] {
      let lines = try #require(file?.contents.split(separator: "\n"))
      let user = lines.first { $0.hasPrefix("user default on nopass ~* ") }?.split(separator: " ") ?? []
      #expect(user.isEmpty == (version.major < 6))
      for command in ["config", "shutdown", "slaveof", "debug", "migrate", "sync", "save"] {
        #expect(lines.contains("rename-command \(command) \"\"") != user.contains("-\(command)"))
      }
      #expect(user.contains("-acl") == (version.major >= 6) && user.contains("&*") == (version.major >= 7))
      #expect(lines.contains { $0.contains("replicaof") } == (version.major >= 5))
    }
  }

  @Test(arguments: cases)
  func noSecretIsOnACommandLine(_ case: Case) throws {
    let recipe = try `case`.recipe()
    for command in recipe.initialise + [recipe.serve] {
      let shown = [command.executable] + command.arguments + command.environment.values
      for secret in [Secrets.app, Secrets.administrator] {
        #expect(!shown.contains { $0.contains(secret) })
      }
    }
  }

  /// New data is copied from one instance to the next.
  @Test(arguments: cases)
  func newDataIsTheSameForEveryRequest(_ case: Case) throws {
    let version = try #require(ServerVersion(in: `case`.banner))
    let found = installation(`case`.banner, version: version)
    let other = ServerRequest(
      marker: "another", port: 25_432, password: "p2", administratorPassword: "a2",
      options: ["encrypted": "true"], version: version)
    let recipe = try #require(server(`case`.type)).native(other, found, folders)
    let expected = try `case`.recipe().initialise
    #expect(recipe.initialise == expected)
    for secret in [Secrets.app, Secrets.administrator, "p2", "a2"] {
      #expect(recipe.initialise.allSatisfy { !$0.input.contains(secret) })
    }
  }

  @Test(arguments: cases)
  func filesAreForTheServersUserAlone(_ case: Case) throws {
    let recipe = try `case`.recipe()
    #expect(recipe.files.allSatisfy { $0.mode == 0o600 })
    #expect(recipe.files.allSatisfy { $0.path.hasPrefix("\(folders.folder)/") })
  }

  @Test(arguments: cases)
  func theServerKnowsWhoseItIs(_ case: Case) throws {
    guard let prefix = `case`.marker else { return }
    let words = try `case`.recipe().serve.arguments
    #expect(words.contains { $0.hasPrefix(prefix + request().marker) })
    let identity = try #require(server(`case`.type)).identity(request(), nativeProcessID: 7)
    #expect(identity.marker == request().marker)
  }

  @Test func memcachedIsKnownByItsProcess() throws {
    let identity = try #require(server("memcached")).identity(request(), nativeProcessID: 4711)
    #expect(identity.processID == 4711)
    #expect(identity.marker == nil)
  }

  @Test(arguments: cases)
  func theServerStaysOutOfRootsHands(_ case: Case) throws {
    let users = try #require(server(`case`.type)).nativeUsers
    #expect(!users.isEmpty)
    #expect(!users.contains("root"))
  }

  @Test(arguments: cases)
  func socketsLieInTheFolderForThem(_ case: Case) throws {
    let engine = try #require(server(`case`.type))
    let socket = engine.socket(request(), folders)
    #expect((socket != nil) == (engine.accounts != nil))
    if let socket { #expect(socket.hasPrefix("\(folders.sockets)/")) }
  }

  /// Bug: servers that shared /tmp cleared each other's files away while they were being initialised.
  @Test(arguments: cases.filter { ["mysql", "mariadb"].contains($0.type) })
  func theMySQLFamilyHasItsOwnScratchFolder(_ case: Case) throws {
    let recipe = try `case`.recipe()
    for command in recipe.initialise + [recipe.serve] {
      let scratch = "\(folders.folder)/scratch"
      #expect(command.arguments.contains("--tmpdir=\(scratch)") || command.environment["TMPDIR"] == scratch)
    }
  }

  @Test func postgresIsMadeForPasswordsAndUTF8() throws {
    let recipe = try #require(Self.cases.first).recipe()
    let initialise = try #require(recipe.initialise.first)
    #expect(initialise.executable == "/usr/lib/tools/initdb")
    for setting in ["--encoding=UTF8", "--auth-host=reject", "--auth-local=reject"] {
      #expect(initialise.arguments.contains(setting))
    }
    let file = try #require(recipe.files.first)
    #expect(recipe.serve.arguments.contains("hba_file=\(file.path)"))
    let rules = file.contents.split(separator: "\n")
    // The administrator comes as drydock's own user of the machine, and everybody else by a password.
    #expect(rules.first == "local all drydock peer map=drydock")
    #expect(rules.count > 1 && rules.dropFirst().allSatisfy { $0.hasSuffix(" scram-sha-256") })
    let accounts = try #require(recipe.initialise.last).input
    #expect(accounts.contains("CREATE ROLE app LOGIN") && accounts.contains("CREATE DATABASE app OWNER app"))
    #expect(
      accounts.contains("UPDATE pg_authid SET rolsuper = true WHERE rolname IN ('pg_execute_server_program'"))
    #expect(recipe.staleFiles == ["postmaster.pid"])
    #expect(recipe.serve.arguments.contains("password_encryption=scram-sha-256"))
    #expect(recipe.serve.arguments.contains("wal_level=replica"))
  }

  @Test(arguments: [
    (nil, ["drydock \"root\" drydock"]),
    ("ann", ["drydock \"ann\" drydock", "drydock \"root\" drydock"]),
    ("root", ["drydock \"root\" drydock"]),
    (#"C\an "n" n"#, [#"drydock "C\an ""n"" n" drydock"#, "drydock \"root\" drydock"]),
  ])
  func postgresKnowsItsAdministratorByWhoComes(_ caller: String?, _ lines: [String]) throws {
    var known = folders
    known.caller = caller
    let found = installation("postgres (PostgreSQL) 15.18", version: try #require(ServerVersion(in: "15.18")))
    let recipe = try #require(server("postgres")).native(request(), found, known)
    let file = try #require(recipe.files.first { $0.path.hasSuffix("/pg_ident.conf") })
    #expect(recipe.serve.arguments.contains("ident_file=\(file.path)"))
    #expect(file.contents.split(separator: "\n").map(String.init) == lines)
  }

  @Test(arguments: cases.filter { $0.type == "mysql" || $0.type == "mariadb" })
  func theMySQLFamilyProvisionsItselfBeforeItListens(_ case: Case) throws {
    let recipe = try `case`.recipe()
    let file = try #require(recipe.files.first)
    #expect(recipe.serve.arguments.first == "--no-defaults")
    #expect(recipe.serve.arguments.contains("--init-file=\(file.path)"))
    #expect(recipe.serve.arguments.contains("--character-set-server=utf8mb4"))
    #expect(recipe.serve.arguments.contains("--log-bin=binlog"))
    #expect(
      recipe.serve.arguments.contains { $0.hasPrefix("--secure-file-priv=/") && $0.hasSuffix("/scratch") })
    let lines = file.contents.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "SET SESSION sql_log_bin = 0;")
    // The server takes one statement a line.
    #expect(lines.dropLast().allSatisfy { $0.hasSuffix(";") })
    #expect(lines.last?.isEmpty == true)
    #expect(file.contents.contains("'app''s-pass\\\\word'"))
    #expect(!file.contents.contains("GRANT ALL PRIVILEGES ON *.* TO 'app'"))
  }

  @Test func theAppIsNoSuperuserOfTheMySQLFamily() {
    let grants = MySQLFamily.provisioning(request()).filter { $0.hasPrefix("GRANT") }
    #expect(grants.count == 1)
    for privilege in ["SUPER", "FILE", "SHUTDOWN", "ALL PRIVILEGES"] {
      #expect(!grants.contains { $0.contains(privilege) })
    }
    #expect(grants.first?.contains("CREATE USER") == true)
  }

  @Test(
    "MySQL lets the app name other definers from 8.0.36 on, as RDS does",
    arguments: [
      ("5.7.44", nil), ("8.0.35", nil), ("8.0.36", "SET_USER_ID"), ("8.4.2", "SET_ANY_DEFINER"),
      ("9.7", "ALLOW_NONEXISTENT_DEFINER"),
    ] as [(String, String?)])
  func definers(_ text: String, _ right: String?) throws {
    let statements = MySQLFamily.definers(try #require(ServerVersion(in: text)))
    #expect(statements.isEmpty == (right == nil))
    if let right { #expect(statements.last?.contains(right) == true) }
  }

  @Test(arguments: [
    ("mysql", "mysqld Ver 8.0.36 for Linux", Acceptance.itself),
    ("mysql", "mariadbd Ver 10.11.6-MariaDB", .standIn("mariadb")),
    ("mysql", "mysqld  Ver 10.4.1-MariaDB-log", .standIn("mariadb")),
    ("mariadb", "mariadbd Ver 10.11.6-MariaDB", .itself),
    ("mariadb", "mysqld Ver 8.0.36 for Linux", .no),
    ("postgres", "postgres (PostgreSQL) 15.18", .itself), ("redis", "Redis server v=7.0.15", .itself),
    ("memcached", "memcached 1.6.18", .itself),
  ])
  func whichServersServeWhat(_ type: String, _ banner: String, _ expected: Acceptance) throws {
    let version = try #require(ServerVersion(in: banner))
    #expect(try #require(server(type)).accepts(installation(banner, version: version)) == expected)
  }

  /// Bug: MySQL ended at once where /var/lib/mysql-files, which is built in, was missing or another user's.
  @Test func mysqlNeedsNoFolderOfTheSystem() throws {
    let found = installation("mysqld Ver 8.0.46 for Linux", version: try #require(.of("8.0.46")))
    let recipe = try #require(server("mysql")).native(request(), found, folders)
    #expect(recipe.serve.arguments.contains("--secure-file-priv=NULL"))
  }

  @Test func theStandInIsMadeAsMariaDBIs() throws {
    let found = installation("mariadbd Ver 10.11.6-MariaDB", version: try #require(.of("10.11.6")))
    let standIn = try #require(server("mysql")).native(request(), found, folders)
    let own = try #require(server("mariadb")).native(request(), found, folders)
    #expect(standIn == own)
    #expect(standIn.initialise.first?.arguments.contains("/usr/bin/mariadb-install-db") == true)
    #expect(!standIn.serve.arguments.contains("--mysqlx=OFF"))
  }

  @Test(arguments: serverTypes)
  func whatToInstallIsKnown(_ type: String) throws {
    let search = try #require(server(type)).nativeSearch
    for source in [PackageSource.debian(12), .debian(nil), .ubuntu] {
      #expect(search.remedy(from: source).contains(/^apt-get install [a-z-]+( \(it stands in: [^()]+\))?$/))
      #expect(search.clientRemedy(from: source).contains(/^apt-get install [a-z-]+$/))
    }
    #expect(search.remedy(from: .homebrew).contains(/^brew install [a-z0-9@.]+$/))
    #expect(search.remedy(from: .unknown).contains(/^install what Debian has as [a-z-]+$/))
    #expect(!search.servers.isEmpty)
    #expect(search.folders.allSatisfy { $0.hasPrefix("/") })
  }

  /// `apt-get install mysql-server` fails in Debian, as `valkey-server` does before 13.
  @Test func onlyPackagesOfTheSystemAreNamed() throws {
    let mysql = try #require(server("mysql")).nativeSearch
    let valkey = try #require(server("valkey")).nativeSearch
    func release(_ id: String, _ version: String) -> PackageSource {
      PackageSource(osRelease: "NAME=\"Some Linux\"\nID=\(id)\nVERSION_ID=\"\(version)\"\n")
    }
    #expect(mysql.remedy(from: release("ubuntu", "24.04")) == "apt-get install mysql-server")
    #expect(mysql.remedy(from: release("debian", "12")).hasPrefix("apt-get install mariadb-server "))
    #expect(valkey.remedy(from: release("debian", "12")).hasPrefix("apt-get install redis-server "))
    #expect(valkey.clientRemedy(from: release("debian", "12")) == "apt-get install redis-tools")
    #expect(valkey.remedy(from: release("debian", "13")) == "apt-get install valkey-server")
    #expect(valkey.remedy(from: PackageSource(osRelease: "ID=debian\n")) == "apt-get install valkey-server")
    // What stands in is there already, and installing it would change nothing.
    #expect(!mysql.remedy(from: .debian(12), hasStandIn: true).contains("apt-get install"))
    #expect(release("fedora", "42") == .unknown)
  }
}
