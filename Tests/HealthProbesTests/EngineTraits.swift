import DrydockTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import Testing

/// One engine for all tests of a suite.
struct SharedEngine: SuiteTrait, TestScoping {
  enum Kind: Sendable {
    case postgres
    case mariadb
  }

  /// The suite's engine and its marker.
  @TaskLocal static var engine: TemporaryEngine?
  static let marker = "drydock-\(UUID().uuidString.lowercased())"

  let kind: Kind

  @concurrent func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
  ) async throws {
    let body: @Sendable (TemporaryEngine) async throws -> Void = { engine in
      try await awaitReady(engine, kind)
      try await Self.$engine.withValue(engine) { try await function() }
    }
    switch kind {
    case .postgres: try await withTemporaryPostgres(marker: Self.marker, body)
    case .mariadb: try await withTemporaryMariaDB(marker: Self.marker, body)
    }
  }

  /// The engine of the current suite.
  static func current() throws -> TemporaryEngine {
    try #require(engine)
  }
}

/// Generous: a loaded machine is slow, and no test asserts how long something took.
let testDeadline = Duration.seconds(60)

private func awaitReady(_ engine: TemporaryEngine, _ kind: SharedEngine.Kind) async throws {
  let wait = ReadinessWait(
    subject: "the test's engine", probe: administratorProbe(engine, kind),
    identity: ExpectedIdentity(marker: SharedEngine.marker), liveness: { liveness(of: engine) })
  _ = try await wait.run(until: .after(testDeadline))
}

private func administratorProbe(_ engine: TemporaryEngine, _ kind: SharedEngine.Kind) -> any HealthProbe {
  switch kind {
  case .postgres: PostgresProbe(target: postgresAdministrator(engine))
  case .mariadb: MySQLProbe(target: mariadbAdministrator(engine))
  }
}

/// PostgreSQL's superuser over TCP.
func postgresAdministrator(_ engine: TemporaryEngine, socket: String? = nil) -> ProbeTarget {
  ProbeTarget(
    port: engine.port, unixSocket: socket, user: "postgres", password: engine.password, database: "postgres")
}

/// MariaDB's root over its socket.
func mariadbAdministrator(_ engine: TemporaryEngine) -> ProbeTarget {
  ProbeTarget(port: engine.port, unixSocket: engine.socket, user: "root")
}

/// Whether the engine's process is there.
func liveness(of engine: TemporaryEngine) -> Liveness {
  kill(engine.processID, 0) == 0 ? .alive : .dead(reason: engine.log)
}

/// The `ProbeFailure` that `body` throws.
func failure(of body: () async throws -> ServerReport) async throws -> ProbeFailure {
  try await #require(throws: ProbeFailure.self) { _ = try await body() }
}

/// A failure's case as a word, for tables.
func kind(of failure: ProbeFailure) -> String {
  switch failure {
  case .unreachable: "unreachable"
  case .starting: "starting"
  case .credentials: "credentials"
  case .missingDatabase: "missingDatabase"
  case .unusableSettings: "unusableSettings"
  case .wrongProtocol: "wrongProtocol"
  case .stranger: "stranger"
  case .unproved: "unproved"
  case .exhausted: "exhausted"
  case .rejected: "rejected"
  case .timedOut: "timedOut"
  }
}
