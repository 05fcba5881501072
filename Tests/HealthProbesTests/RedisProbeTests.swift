import DrydockTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import Testing

@Suite(.enabled(if: InstalledEngines.redis != nil))
struct RedisProbeTests {
  private let marker = "drydock-\(UUID().uuidString)"

  private func ready(_ engine: TemporaryEngine, password: String = "") async throws -> ServerReport {
    let target = ProbeTarget(port: engine.port, password: password)
    let wait = ReadinessWait(
      subject: "redis", probe: RedisProbe(target: target),
      identity: ExpectedIdentity(marker: marker, processID: Int(engine.processID)),
      liveness: { liveness(of: engine) })
    return try await wait.run(until: .after(testDeadline))
  }

  @Test func reportsWhoAnswers() async throws {
    try await withTemporaryRedis(marker: marker) { engine in
      let report = try await ready(engine)
      #expect(report.processID == Int(engine.processID))
      #expect(report.marker?.contains(marker) == true)
      #expect(report.port == engine.port && report.isReadOnly == false && report.runID?.count == 40)
      #expect(try await ready(engine).isSameRun(as: report))
    }
  }

  @Test func aReplicaIsReadOnly() async throws {
    let settings = ["replicaof 127.0.0.1 1"]
    try await withTemporaryRedis(marker: marker, settings: settings) { engine in
      let report = try await ready(engine)
      #expect(report.isReadOnly == true)
    }
  }

  @Test(arguments: ["", "wrong"]) func aMissingOrWrongPasswordIsAboutCredentials(given: String) async throws {
    try await withTemporaryRedis(marker: marker, settings: ["requirepass right"]) { engine in
      _ = try await ready(engine, password: "right")
      let probe = RedisProbe(target: ProbeTarget(port: engine.port, password: given))
      let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
      guard case .credentials = failure else {
        Issue.record("another failure: \(failure)")
        return
      }
    }
  }

  @Test func aPasswordThatTheServerDoesNotHaveIsAboutCredentials() async throws {
    try await withTemporaryRedis(marker: marker) { engine in
      _ = try await ready(engine)
      let probe = RedisProbe(target: ProbeTarget(port: engine.port, password: "surplus"))
      let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
      guard case .credentials = failure else {
        Issue.record("another failure: \(failure)")
        return
      }
    }
  }

  @Test func aStrangerOnThePortIsNeverReady() async throws {
    try await withTemporaryRedis(marker: marker) { engine in
      _ = try await ready(engine)
      let wait = ReadinessWait(
        subject: "cache", probe: RedisProbe(target: ProbeTarget(port: engine.port)),
        identity: ExpectedIdentity(processID: Int(engine.processID) + 1), liveness: { .alive })
      let error = try await #require(throws: ReadinessError.self) {
        try await wait.run(until: .after(testDeadline))
      }
      #expect(
        error
          == .stranger(
            subject: "cache",
            failure: .stranger(
              expected: "process \(engine.processID + 1)", found: "process \(engine.processID)")))
    }
  }

  @Test(arguments: [
    ("-LOADING Redis is loading the dataset in memory\r\n", "starting"),
    ("-NOAUTH Authentication required.\r\n", "credentials"),
    ("-DENIED Redis is running in protected mode\r\n", "rejected"),
    ("+HELLO\r\n", "wrongProtocol"),
    ("HTTP/1.1 400 Bad Request\r\n\r\n", "wrongProtocol"),
    ("+PO", "unreachable"),
    ("", "unreachable"),
  ])
  func answersAreToldApart(answer: String, expected: String) async throws {
    try await withBlackHole(.answering(Array(answer.utf8), thenCloses: true)) { server in
      let probe = RedisProbe(target: ProbeTarget(port: server.port))
      let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
      #expect(kind(of: failure) == expected)
    }
  }
}

@Suite(.enabled(if: InstalledEngines.memcached != nil))
struct MemcachedProbeTests {
  @Test func reportsWhoAnswers() async throws {
    try await withTemporaryMemcached { engine in
      let wait = ReadinessWait(
        subject: "memcached", probe: MemcachedProbe(target: ProbeTarget(port: engine.port)),
        identity: ExpectedIdentity(processID: Int(engine.processID)), liveness: { liveness(of: engine) })
      let report = try await wait.run(until: .after(testDeadline))
      #expect(report.flavour == .memcached && report.version.hasPrefix("1."))
    }
  }

  @Test(arguments: [
    ("VERSION 1.6.18\r\nSTAT pid 1\r\n", "unreachable"),
    ("VERSION 1.6.18\r\nEND\r\n", "wrongProtocol"),
    ("VERSI", "unreachable"),
    ("ERROR\r\n", "wrongProtocol"),
    ("-ERR unknown command\r\n", "wrongProtocol"),
    ("", "unreachable"),
  ])
  func answersAreToldApart(answer: String, expected: String) async throws {
    try await withBlackHole(.answering(Array(answer.utf8), thenCloses: true)) { server in
      let probe = MemcachedProbe(target: ProbeTarget(port: server.port))
      let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
      #expect(kind(of: failure) == expected)
    }
  }
}
