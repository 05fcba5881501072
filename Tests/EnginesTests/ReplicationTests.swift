import Foundation
import HealthProbes
import MonotonicTime
import Testing

@testable import Engines

/// What is known of replication without a server.
@Suite struct ReplicationTests {
  private static let mariadb = MySQLDialect(isMariaDB: true, version: .of("10.11.19"))
  private static let mysql57 = MySQLDialect(isMariaDB: false, version: .of("5.7.44"))
  private static let mysql8 = MySQLDialect(isMariaDB: false, version: .of("8.0.23"))
  private static let mysql9 = MySQLDialect(isMariaDB: false, version: .of("9.7.4"))

  /// Secrets that are easy to find again, and a character that each quoting has to escape.
  private static let link = ReplicaLink(
    host: "10.0.0.1", port: 3307, name: "drydock_copy", administratorPassword: "admin-secret",
    password: "replica's-secret")

  private static let target = ProbeTarget(
    port: 3306, unixSocket: "/run/mysql.sock", user: "drydock", password: "target-secret",
    database: "mysql")

  /// Bug: the status of a replica whose source was down was a line of the server's, addresses and counts of retries in it.
  @Test(
    "A source that is not there is no problem of the replica's",
    arguments: [
      ("2003", "error reconnecting to master 'x@db:3306' - retry-time: 1", "", nil),
      ("1045", "error connecting to master: Access denied", "", "error connecting to master: Access denied"),
      ("2013", "Lost connection", "Duplicate entry", "Duplicate entry"), ("0", "", "", nil),
    ] as [(String, String, String, String?)])
  func problems(_ number: String, _ reading: String, _ applying: String, _ expected: String?) {
    let row = ["last_io_errno": number, "last_io_error": reading, "last_sql_error": applying]
    #expect(MySQLReplication.problem(row) == expected)
  }

  @Test(
    "MySQL renamed its words in 8.0.23; before it, and in MariaDB, the old ones hold",
    arguments: [
      (mariadb, "STOP SLAVE", "START SLAVE IO_THREAD", "STOP SLAVE SQL_THREAD", "MASTER_DELAY"),
      (mysql57, "STOP SLAVE", "START SLAVE IO_THREAD", "STOP SLAVE SQL_THREAD", "MASTER_DELAY"),
      (
        MySQLDialect(isMariaDB: false, version: .of("8.0.22")), "STOP SLAVE", "START SLAVE IO_THREAD",
        "STOP SLAVE SQL_THREAD", "MASTER_DELAY"
      ),
      (mysql8, "STOP REPLICA", "START REPLICA IO_THREAD", "STOP REPLICA SQL_THREAD", "SOURCE_DELAY"),
      (mysql9, "STOP REPLICA", "START REPLICA IO_THREAD", "STOP REPLICA SQL_THREAD", "SOURCE_DELAY"),
    ])
  func words(_ dialect: MySQLDialect, _ stop: String, _ receive: String, _ pause: String, _ delay: String) {
    #expect(dialect.stop == stop)
    #expect(dialect.startReceiving == receive)
    #expect(dialect.stopApplying == pause)
    #expect(dialect.setDelay(30).hasSuffix("\(delay) = 30"))
  }

  @Test("A password is one field of a password file")
  func passwordField() {
    #expect(PostgresReplication.passwordField("a:\u{301}b\\c") == "a\\:\u{301}b\\\\c")
  }

  @Test("MariaDB follows by GTID, MySQL by position, and only a new MySQL has to ask for a key")
  func credentials() {
    #expect(Self.mariadb.credentials.contains("MASTER_USE_GTID = slave_pos"))
    #expect(Self.mysql9.credentials.contains("GET_SOURCE_PUBLIC_KEY = 1"))
    #expect(!Self.mysql57.credentials.joined().contains("PUBLIC_KEY"))
    #expect(Self.mysql9.dumpOptions == "--source-data=1 --set-gtid-purged=OFF")
    #expect(Self.mysql57.dumpOptions == "--master-data=1 --set-gtid-purged=OFF")
    #expect(Self.mariadb.dumpOptions == "--master-data=1 --gtid")
  }

  @Test("The statement that names the source quotes what it holds")
  func changeSource() {
    let statement = Self.mysql9.changeSource(Self.link, ["SOURCE_CONNECT_RETRY = 1"])
    #expect(statement.hasPrefix("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '10.0.0.1', SOURCE_PORT = 3307"))
    #expect(statement.contains("replica") && !statement.contains("'replica's-secret'"))
    #expect(statement.hasSuffix(", SOURCE_CONNECT_RETRY = 1"))
    #expect(Self.mariadb.changeSource(Self.link, []).hasPrefix("CHANGE MASTER TO MASTER_HOST = '10.0.0.1'"))
  }

  @Test("A replica of MySQL that gets a new address is told its place; MariaDB knows it by GTID")
  func place() {
    let status = ["applied_file": "binlog.000007", "applied_position": "157"]
    #expect(Self.mysql9.place(status).contains("SOURCE_LOG_FILE = 'binlog.000007'"))
    #expect(Self.mysql9.place(status).contains("SOURCE_LOG_POS = 157"))
    #expect(Self.mysql9.place([:]) == Self.mysql9.credentials)
    #expect(Self.mariadb.place(status) == Self.mariadb.credentials)
  }

  @Test(
    "A replica whose relay logs are not found goes on from what it had applied, and as far behind",
    arguments: [
      (
        mysql9, "RESET REPLICA",
        ["SOURCE_LOG_FILE = 'binlog.000007'", "SOURCE_LOG_POS = 157", "SOURCE_DELAY = 60"]
      ),
      (
        mysql57, "RESET SLAVE",
        ["MASTER_LOG_FILE = 'binlog.000007'", "MASTER_LOG_POS = 157", "MASTER_DELAY = 60"]
      ),
      (mariadb, "RESET SLAVE", ["MASTER_USE_GTID = slave_pos", "MASTER_DELAY = 60"]),
    ])
  func lostRelayLogs(_ dialect: MySQLDialect, _ forget: String, _ clauses: [String]) throws {
    let status = ["applied_file": "binlog.000007", "applied_position": "157", "delay": "60"]
    let statements = try #require(dialect.beginAgain(Self.link, status))
    #expect(statements.count == 3 && statements.first == dialect.stop && statements[1] == forget)
    for clause in clauses { #expect(statements[2].contains(clause), "\(statements[2])") }
    // From the beginning is wrong where it is not known from where.
    #expect((dialect.beginAgain(Self.link, ["applied_file": ""]) == nil) == !dialect.isMariaDB)
  }

  @Test("Relay logs are not called after the machine, and MariaDB's as they always were")
  func relayLogs() throws {
    var wanted = request()
    wanted.replica = Self.link
    for (banner, name) in [
      ("mysqld Ver 8.0.36 for Linux", "relay-bin"), ("10.11.19-MariaDB", "server-relay-bin"),
    ] {
      let installed = installation(banner, version: try #require(ServerVersion(in: banner)))
      let engine = try #require(server("mysql"))
      #expect(engine.native(wanted, installed, folders).serve.arguments.contains("--relay-log=\(name)"))
      let own = engine.native(request(), installed, folders).serve.arguments
      #expect(!own.contains { $0.hasPrefix("--relay-log") })
    }
  }

  @Test(
    "Positions compare by file and offset, or by sequence number in each domain",
    arguments: [
      (mysql9, "binlog.000002:4", "binlog.000001:900", true),
      (mysql9, "binlog.000002:4", "binlog.000002:4", true),
      (mysql9, "binlog.000002:4", "binlog.000002:5", false),
      (mysql9, "binlog.000009:900", "binlog.000010:4", false),
      (mysql9, "binlog.1000000:4", "binlog.999999:900", true),
      (mysql9, ":0", "binlog.000001:4", false),
      (mariadb, "0-1-9", "0-2-9", true),
      (mariadb, "0-1-9", "0-1-10", false),
      (mariadb, "0-1-9", "", true),
      (mariadb, "", "0-1-1", false),
      (mariadb, "0-1-9,5-1-2", "5-7-2,0-1-8", true),
      (mariadb, "0-1-9", "0-1-9,5-1-1", false),
    ])
  func positions(_ dialect: MySQLDialect, _ applied: String, _ goal: String, _ isReached: Bool) {
    #expect((dialect.parse(applied) >= dialect.parse(goal)) == isReached)
  }

  @Test(
    "The lag counts what is missing, and nothing across files or for a replica that is ahead",
    arguments: [
      (mysql9, "binlog.000002:4", "binlog.000002:104", 100),
      (mysql9, "binlog.000002:4", "binlog.000002:4", 0),
      (mysql9, "binlog.000002:104", "binlog.000002:4", 0),
      (mysql9, "binlog.000001:4", "binlog.000002:4", nil),
      (mariadb, "0-1-9", "0-2-12", 3), (mariadb, "0-1-9", "0-1-9,5-1-2", 2), (mariadb, "0-1-9", "0-1-8", 0),
      (mariadb, "", "0-1-8", 8),
    ] as [(MySQLDialect, String, String, Int?)])
  func lag(_ dialect: MySQLDialect, _ applied: String, _ position: String, _ lag: Int?) {
    #expect(dialect.distance(from: dialect.parse(applied), to: dialect.parse(position)) == lag)
    #expect(dialect.lagUnit == (dialect.isMariaDB ? "transactions" : "bytes"))
  }

  @Test("A replica of PostgreSQL is told its source and slot, and reads the password from a file")
  func postgresSettings() {
    let settings = PostgresReplication.settings(Self.link)
    #expect(settings.contains("primary_slot_name=drydock_copy"))
    let source = settings.first { $0.hasPrefix("primary_conninfo=") } ?? ""
    #expect(source.contains("host=10.0.0.1 port=3307 user=drydock"))
    #expect(source.contains("passfile=drydock.pgpass"))
    #expect(!settings.joined().contains("secret"))
  }

  /// Bug: such a server was given settings that it does not know, and ended.
  @Test(
    "A replica is refused where PostgreSQL cannot be one, and nothing else is",
    arguments: [
      ("11.22", "#convox.resources.mydb", false), ("9.6.24", "#convox.resources.mydb", false),
      ("12.0", "#convox.resources.mydb", true), ("11.22", "", true), ("11.22", "arn:aws:rds:db", true),
    ])
  func oldPostgres(_ version: String, _ source: String, _ isFine: Bool) throws {
    let engine = try #require(server("postgres"))
    let found = engine.obstacle(options: ["readSourceDB": source], version: try #require(.of(version)))
    #expect((found == nil) == isFine)
    if let found { #expect(found.contains(version)) }
  }

  private static let version = ServerVersion(in: "10.11.19")
  static let places: [ReplicaPlace] = [
    version.map { .native(installation("mariadbd 10.11.19-MariaDB", version: $0), folders) },
    .container(files: "/drydock"),
  ].compactMap { $0 }

  @Test("A script has its secrets in files: none in its text and none in its environment", arguments: places)
  func scripts(_ place: ReplicaPlace) throws {
    let postgres = try #require(PostgresReplication().seed(Self.link, place))
    let mysql = try [Self.mariadb, Self.mysql57, Self.mysql9].map {
      try #require(MySQLReplication(dialect: $0).load(Self.link, replica: Self.target, place))
    }
    for script in [postgres] + mysql {
      let seen = script.text + script.environment.map { $0.key + $0.value }.joined()
      #expect(!seen.contains("secret"))
      #expect(script.files.contains { $0.contents.contains("secret") })
      #expect(script.files.allSatisfy { $0.mode & 0o077 == 0 }, "only their owner reads them")
    }
  }

  /// Bug: in the official ubi images the client looked for the socket where it was built to, and not where the server has it.
  @Test("In a container a copy is loaded by an address that no option file has to tell")
  func addressInAContainer() throws {
    let script = try #require(
      MySQLReplication(dialect: Self.mariadb).load(
        Self.link, replica: Self.target, .container(files: "/drydock")))
    let options = try #require(script.files.first { $0.path == "/drydock/replica.cnf" }).contents
    #expect(options.contains("protocol=tcp\nhost=127.0.0.1\nport=3306\n") && !options.contains("socket"))
  }

  @Test("What a killed script leaves is in the server's scratch folder alone, and removed by the next")
  func killedScript() throws {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "drydock-\(UUID().uuidString)")
    let root = scratch.path(percentEncoded: false)
    let (own, data, temporary) = ("\(root)/own", "\(root)/own/data", "\(root)/tmp")
    for folder in ["\(own)/scratch", data, temporary] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    defer { try? FileManager.default.removeItem(at: scratch) }
    var installed = installation("postgres", version: try #require(.of("15.1")))
    let place = NativeFolders(folder: own, data: data, sockets: "\(own)/sockets")
    func run(_ tool: String) throws -> [String] {
      let file = "\(root)/basebackup"
      try "#!/bin/sh\n\(tool)\n".write(toFile: file, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file)
      installed.tools["basebackup"] = file
      let script = try #require(PostgresReplication().seed(Self.link, .native(installed, place)))
      for file in script.files {
        try file.contents.write(toFile: file.path, atomically: true, encoding: .utf8)
      }
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", script.text]
      process.environment = script.environment.merging(
        ["PATH": "/usr/bin:/bin", "TMPDIR": temporary]
      ) { $1 }
      try process.run()
      process.waitUntilExit()
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
      return try FileManager.default.contentsOfDirectory(atPath: "\(own)/scratch")
    }
    let left = try run("kill -9 $PPID")
    #expect(left.map { "scratch/\($0)" }.allSatisfy(ReplicaPlace.passingFiles.contains) && left.count == 1)
    #expect(try run(": >$PGDATA/postgresql.auto.conf").isEmpty)
    #expect(FileManager.default.fileExists(atPath: "\(data)/drydock.pgpass"))
  }

  @Test("A replica's server refuses writes from its start, and has no secret in its arguments")
  func replicaArguments() throws {
    let installed = installation("10.11.19-MariaDB", version: try #require(.of("10.11.19")))
    for type in ["mysql", "mariadb", "postgres"] {
      var wanted = request()
      wanted.replica = Self.link
      let engine = try #require(server(type))
      let native = engine.native(wanted, installed, folders)
      for words in [native.serve.arguments, engine.container(wanted).command] {
        #expect(words.allSatisfy { !$0.contains("secret") && !$0.contains(Secrets.administrator) }, "\(type)")
        let marker = type == "postgres" ? "primary_slot_name=drydock_copy" : "--read-only=ON"
        #expect(words.contains(marker), "\(type): \(words)")
      }
    }
  }
}
