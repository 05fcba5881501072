import DrydockTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import Testing

@Suite(SharedEngine(kind: .postgres), .enabled(if: InstalledEngines.postgres != nil))
struct PostgresProbeTests {
  /// A user and a database of a test's own.
  private func provision(password: String = "right") async throws -> ProbeTarget {
    let engine = try SharedEngine.current()
    let name = "app-\(UUID().uuidString)\"'\\"
    let user = PostgresSQL.quoteIdentifier(name)
    try await PostgresAdministrator(target: postgresAdministrator(engine)).execute(
      [
        "CREATE ROLE \(user) LOGIN PASSWORD \(PostgresSQL.quoteLiteral(password))",
        "CREATE DATABASE \(user) OWNER \(user)",
      ], masking: [password], until: .after(testDeadline))
    return ProbeTarget(port: engine.port, user: name, password: password, database: name)
  }

  private func attempt(_ target: ProbeTarget) async throws -> ServerReport {
    try await PostgresProbe(target: target).attempt(until: .after(testDeadline))
  }

  @Test(arguments: ["right", "it's \\ \"quoted\"", "ünïcödé 日本", "$&%{}"])
  func reportsWhoAnswersAfterALoginAsTheAppsUser(password: String) async throws {
    let report = try await attempt(provision(password: password))
    #expect(report.flavour == .postgresql)
    #expect(report.marker == SharedEngine.marker)
    #expect(report.port == (try SharedEngine.current().port))
    #expect(report.isReadOnly == false)
    #expect(report.version.contains("."))
    let age = try #require(report.startTime).timeIntervalSinceNow
    #expect(age < 0 && age > -3600)
    let again = try await attempt(postgresAdministrator(SharedEngine.current()))
    #expect(again.isSameRun(as: report))
  }

  @Test func aWrongPasswordIsAboutCredentials() async throws {
    var target = try await provision()
    target.password = "wrong"
    guard case .credentials(let message) = try await failure(of: { try await attempt(target) }) else {
      Issue.record("another failure")
      return
    }
    #expect(message.contains("28P01") && !message.contains("wrong"))
  }

  @Test func noPasswordIsTakenFromElsewhere() async throws {
    var target = try await provision()
    target.password = ""
    await #expect(throws: ProbeFailure.self) { try await attempt(target) }
  }

  @Test func aMissingDatabaseIsToldFromAWrongPassword() async throws {
    var target = try await provision()
    target.database = "nowhere"
    guard case .missingDatabase = try await failure(of: { try await attempt(target) }) else {
      Issue.record("another failure")
      return
    }
  }

  @Test func aDatabaseThatIsNotOpenToTheUserCountsAsMissing() async throws {
    let owner = try await provision()
    let other = try await provision()
    let database = PostgresSQL.quoteIdentifier(owner.database)
    try await PostgresAdministrator(target: postgresAdministrator(SharedEngine.current()))
      .execute(["REVOKE CONNECT ON DATABASE \(database) FROM PUBLIC"], until: .after(testDeadline))
    var target = other
    target.database = owner.database
    guard case .missingDatabase = try await failure(of: { try await attempt(target) }) else {
      Issue.record("another failure")
      return
    }
  }

  @Test(arguments: [true, false])
  func theSocketServesByItsDirectoryAndByItsPath(byDirectory: Bool) async throws {
    let engine = try SharedEngine.current()
    let directory = try #require(engine.socket)
    let socket = byDirectory ? directory : "\(directory)/.s.PGSQL.\(engine.port)"
    let report = try await attempt(postgresAdministrator(engine, socket: socket))
    #expect(report.marker == SharedEngine.marker)
  }

  @Test func statementsRunOneByOneAndAnErrorNamesItsOwn() async throws {
    let administrator = PostgresAdministrator(target: postgresAdministrator(try SharedEngine.current()))
    let secret = "hush-\(UUID().uuidString)"
    let error = try await #require(throws: StatementError.self) {
      try await administrator.execute(
        ["SELECT 1", "SELECT \"\(secret)\""], masking: [secret], until: .after(testDeadline))
    }
    #expect(error.index == 1 && error.code == "42703")
    #expect(!"\(error)".contains(secret) && error.message.contains("****"))
  }

  @Test(arguments: ["new", "it's \\ \"quoted\"", "ünïcödé 日本"])
  func theServerIsNotToldThePasswordsThatItGets(password: String) async throws {
    let engine = try SharedEngine.current()
    var target = try await provision(password: "before")
    // A statement of its own account is logged from its next session on, and nobody else's.
    var administrator = try await provision()
    let role = PostgresSQL.quoteIdentifier(administrator.user)
    try await PostgresAdministrator(target: postgresAdministrator(engine)).execute(
      ["ALTER ROLE \(role) SUPERUSER", "ALTER ROLE \(role) SET log_statement = 'all'"],
      until: .after(testDeadline))
    administrator.database = target.database
    let secret = password + UUID().uuidString
    try await PostgresAdministrator(target: administrator).setPasswords(
      [(target.user, secret)], until: .after(testDeadline))
    let logged = engine.log.split(separator: "\n").filter {
      $0.contains("ALTER ROLE \(PostgresSQL.quoteIdentifier(target.user)) PASSWORD")
    }
    #expect(logged.count == 1 && logged.allSatisfy { $0.contains("SCRAM-SHA-256$") })
    #expect(!engine.log.contains(secret))
    await #expect(throws: ProbeFailure.self) { try await attempt(target) }
    target.password = secret
    #expect(try await attempt(target).flavour == .postgresql)
  }

  @Test func aQueryGivesTextAndNull() async throws {
    let administrator = PostgresAdministrator(target: postgresAdministrator(try SharedEngine.current()))
    let rows = try await administrator.query(
      "SELECT 1, NULL, 'ä' UNION ALL SELECT 2, 'b', '' ORDER BY 1", until: .after(testDeadline))
    #expect(rows == [["1", nil, "ä"], ["2", "b", ""]])
  }

  @Test(arguments: [0, 1, 300_000]) func resultsOfAnySizeComeWhole(size: Int) async throws {
    let administrator = PostgresAdministrator(target: postgresAdministrator(try SharedEngine.current()))
    let rows = try await administrator.query("SELECT repeat('x', \(size))", until: .after(testDeadline))
    #expect(rows == [[String(repeating: "x", count: size)]])
  }

  @Test func aQueryEndsAtItsDeadline() async throws {
    let administrator = PostgresAdministrator(target: postgresAdministrator(try SharedEngine.current()))
    let error = try await #require(throws: ProbeFailure.self) {
      try await administrator.query("SELECT pg_sleep(600)", until: .after(.milliseconds(300)))
    }
    guard case .timedOut = error else {
      Issue.record("another failure: \(error)")
      return
    }
  }

  @Test func aUserWhoIsMissingIsMadeByTheRepair() async throws {
    let engine = try SharedEngine.current()
    let name = "app_\(UUID().uuidString)"
    let administrator = PostgresAdministrator(target: postgresAdministrator(engine, socket: engine.socket))
    let wait = ReadinessWait(
      subject: "database",
      probe: PostgresProbe(
        target: ProbeTarget(port: engine.port, user: name, password: "made", database: name)),
      identity: ExpectedIdentity(marker: SharedEngine.marker), liveness: { liveness(of: engine) },
      repair: { _ in
        let user = PostgresSQL.quoteIdentifier(name)
        let statements = [
          "CREATE ROLE \(user) LOGIN PASSWORD 'made'", "CREATE DATABASE \(user) OWNER \(user)",
        ]
        try await administrator.execute(statements, masking: ["made"], until: .after(testDeadline))
        return true
      })
    #expect(try await wait.run(until: .after(testDeadline)).marker == SharedEngine.marker)
  }

  @Test func anotherServersMarkerIsAStranger() async throws {
    let engine = try SharedEngine.current()
    let wait = ReadinessWait(
      subject: "database", probe: PostgresProbe(target: postgresAdministrator(engine)),
      identity: ExpectedIdentity(marker: "mine"), liveness: { .alive })
    let failure = ProbeFailure.stranger(expected: "\"mine\"", found: "\"\(SharedEngine.marker)\"")
    await #expect(throws: ReadinessError.stranger(subject: "database", failure: failure)) {
      try await wait.run(until: .after(testDeadline))
    }
  }

  @Test func theUsersOwnSettingsHaveNoInfluence() async throws {
    let engine = try SharedEngine.current()
    let (port, password) = (engine.port, engine.password)
    await #expect(processExitsWith: .success) { [port = port as Int, password = password as String] in
      let hostile = [
        "PGHOST": "192.0.2.1", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGUSER": "nobody",
        "PGPASSWORD": "wrong", "PGDATABASE": "nowhere", "PGSERVICE": "nowhere",
        "PGSERVICEFILE": "/dev/null/none", "PGPASSFILE": "/etc/passwd", "PGOPTIONS": "-c nonsense=1",
        "PGSSLMODE": "verify-full", "PGSSLNEGOTIATION": "direct", "PGGSSENCMODE": "require",
        "PGCHANNELBINDING": "require", "PGREQUIREAUTH": "none", "PGREQUIREPEER": "nobody",
        "PGTARGETSESSIONATTRS": "standby", "PGTZ": "Nowhere/None", "PGDATESTYLE": "nonsense",
        "PGGEQO": "nonsense", "PGCLIENTENCODING": "nonsense", "PGSSLMAXPROTOCOLVERSION": "TLSv1",
        "PGCONNECT_TIMEOUT": "nonsense", "HOME": "/dev/null/none",
      ]
      hostile.forEach { _ = setenv($0, $1, 1) }
      PostgresVariables.takeOut()
      precondition(PostgresVariables.takenOut.count >= hostile.count - 1)
      let target = ProbeTarget(port: port, user: "postgres", password: password, database: "postgres")
      let report = try await PostgresProbe(target: target).attempt(until: .after(.seconds(60)))
      precondition(report.flavour == .postgresql)
    }
  }

  @Test func aPasswordFileHasNoInfluence() async throws {
    let engine = try SharedEngine.current()
    let file = FileManager.default.temporaryDirectory.appending(path: "pgpass-\(UUID().uuidString)")
    try Data("*:*:*:*:\(engine.password)\n".utf8).write(to: file)
    chmod(file.path, 0o600)
    defer { try? FileManager.default.removeItem(at: file) }
    let (port, path) = (engine.port, file.path)
    await #expect(processExitsWith: .success) { [port = port as Int, path = path as String] in
      setenv("PGPASSFILE", path, 1)
      let target = ProbeTarget(port: port, user: "postgres", database: "postgres")
      do {
        _ = try await PostgresProbe(target: target).attempt(until: .after(.seconds(60)))
        preconditionFailure("logged in without a password")
      } catch is ProbeFailure {}
    }
  }
}
