import DrydockTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import Testing

@Suite(SharedEngine(kind: .mariadb), .enabled(if: InstalledEngines.mariadb != nil))
struct MySQLProbeTests {
  private func administrator() throws -> MySQLAdministrator {
    MySQLAdministrator(target: mariadbAdministrator(try SharedEngine.current()))
  }

  /// A user and a database of a test's own.
  private func provision(password: String = "right") async throws -> ProbeTarget {
    let engine = try SharedEngine.current()
    let name = "a_%`'\"\\" + UUID().uuidString.prefix(18)
    let user = "\(MySQLSQL.quoteLiteral(name))@'%'"
    let database = MySQLSQL.quoteIdentifier(name)
    // In a grant, `_` and `%` stand for other characters unless they are escaped.
    let escaped = name.replacing("\\", with: "\\\\").replacing("_", with: "\\_").replacing("%", with: "\\%")
    try await administrator().execute(
      [
        "CREATE USER \(user) IDENTIFIED BY \(MySQLSQL.quoteLiteral(password))",
        "CREATE DATABASE \(database)", "GRANT ALL ON \(MySQLSQL.quoteIdentifier(escaped)).* TO \(user)",
      ], masking: [password], until: .after(testDeadline))
    return ProbeTarget(port: engine.port, user: name, password: password, database: name)
  }

  private func attempt(_ target: ProbeTarget) async throws -> ServerReport {
    try await MySQLProbe(target: target).attempt(until: .after(testDeadline))
  }

  @Test(arguments: ["right", "it's \\ \"quoted\"", "ünïcödé 日本", "$&%{}"])
  func reportsWhoAnswersAfterALoginAsTheAppsUser(password: String) async throws {
    let report = try await attempt(provision(password: password))
    #expect(report.flavour == .mariadb)
    #expect(report.version.contains("MariaDB"))
    #expect(report.marker == SharedEngine.marker)
    #expect(report.port == (try SharedEngine.current().port))
    #expect(report.isReadOnly == false)
    let again = try await administrator().identify(until: .after(testDeadline))
    #expect(again.isSameRun(as: report))
  }

  @Test func aWrongPasswordIsAboutCredentials() async throws {
    var target = try await provision()
    target.password = "wrong"
    guard case .credentials(let message) = try await failure(of: { try await attempt(target) }) else {
      Issue.record("another failure")
      return
    }
    #expect(message.contains("1045") && !message.contains("wrong"))
  }

  @Test func anUnknownUserIsAboutCredentials() async throws {
    let target = ProbeTarget(port: try SharedEngine.current().port, user: "nobody-\(UUID())", password: "x")
    guard case .credentials = try await failure(of: { try await attempt(target) }) else {
      Issue.record("another failure")
      return
    }
  }

  @Test(arguments: ["nowhere", "mysql"])
  func aDatabaseThatIsMissingOrNotOpenIsToldFromAWrongPassword(database: String) async throws {
    var target = try await provision()
    target.database = database
    guard case .missingDatabase = try await failure(of: { try await attempt(target) }) else {
      Issue.record("another failure")
      return
    }
  }

  @Test func statementsRunOneByOneAndAnErrorNamesItsOwn() async throws {
    let secret = "hush-\(UUID().uuidString)"
    let error = try await #require(throws: StatementError.self) {
      try await administrator().execute(
        ["SELECT 1", "CREATE USER x IDENTIFIED BY BY '\(secret)'"], masking: [secret],
        until: .after(testDeadline))
    }
    #expect(error.index == 1 && error.code == "1064")
    #expect(!"\(error)".contains(secret) && error.message.contains("****"))
  }

  @Test func aQueryGivesTextAndNull() async throws {
    let rows = try await administrator().query(
      "SELECT 1, NULL, 'ä' UNION ALL SELECT 2, 'b', ''", until: .after(testDeadline))
    #expect(rows == [["1", nil, "ä"], ["2", "b", ""]])
  }

  @Test(arguments: [0, 1, 300_000]) func resultsOfAnySizeComeWhole(size: Int) async throws {
    let rows = try await administrator().query("SELECT repeat('x', \(size))", until: .after(testDeadline))
    #expect(rows == [[String(repeating: "x", count: size)]])
  }

  @Test func aQueryEndsAtItsDeadline() async throws {
    let error = try await #require(throws: ProbeFailure.self) {
      _ = try await administrator().query("SELECT sleep(600)", until: .after(.milliseconds(300)))
    }
    // Whether the login took its time too is the machine's affair.
    guard case .timedOut = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func aServerWithoutNetworkIsNotReachedOverTCP() async throws {
    try await withTemporaryMariaDB(marker: "local", settings: ["--skip-networking"]) { engine in
      let socket = MySQLProbe(target: mariadbAdministrator(engine))
      let wait = ReadinessWait(subject: "mariadb", probe: socket, liveness: { liveness(of: engine) })
      #expect(try await wait.run(until: .after(testDeadline)).marker == "local")
      let target = ProbeTarget(port: engine.port, user: "root")
      guard case .unreachable = try await failure(of: { try await attempt(target) }) else {
        Issue.record("another failure")
        return
      }
    }
  }
}
