import DrydockTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import Testing

/// Servers that answer nothing, nonsense or half a message. Serial, since it counts the process's descriptors.
@Suite(.serialized) struct BadServerTests {
  enum Family: String, CaseIterable, CustomTestStringConvertible {
    case postgres
    case mysql
    case redis
    case memcached

    var testDescription: String { rawValue }

    func probe(_ port: Int) -> any HealthProbe {
      probe(ProbeTarget(port: port, user: "app", password: "secret", database: "app"))
    }

    func probe(_ target: ProbeTarget) -> any HealthProbe {
      switch self {
      case .postgres: PostgresProbe(target: target)
      case .mysql: MySQLProbe(target: target)
      case .redis: RedisProbe(target: target)
      case .memcached: MemcachedProbe(target: target)
      }
    }
  }

  @Test(arguments: Family.allCases, ["localhost", "::1", "256.0.0.1", ""])
  func namesAreNeverResolved(family: Family, host: String) async throws {
    let probe = family.probe(ProbeTarget(host: host, port: 1, user: "app", password: "x"))
    let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
    #expect(kind(of: failure) == "rejected")
  }

  @Test(arguments: Family.allCases) func nothingListens(family: Family) async throws {
    try await withRefusingPort { port in
      let probe = family.probe(port)
      let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
      #expect(kind(of: failure) == "unreachable")
      #expect("\(failure)".localizedCaseInsensitiveContains("refused"))
    }
  }

  @Test(arguments: Family.allCases) func aSocketFileIsMissing(family: Family) async throws {
    let probe = family.probe(
      ProbeTarget(port: 1, unixSocket: "/dev/null/none", user: "app", password: "x"))
    let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
    #expect(kind(of: failure) == "unreachable")
  }

  @Test(arguments: Family.allCases) func anAcceptedConnectionProvesNothing(family: Family) async throws {
    try await withBlackHole(.closing) { server in
      let failure = try await failure(of: {
        try await family.probe(server.port).attempt(until: .after(testDeadline))
      })
      #expect(kind(of: failure) == "unreachable")
      #expect(!"\(failure)".contains("\n"))
    }
  }

  @Test(arguments: Family.allCases) func aServerThatNeverAnswersEndsAtTheDeadline(family: Family) async throws
  {
    try await withBlackHole(.silent) { server in
      let failure = try await failure(of: {
        try await family.probe(server.port).attempt(until: .after(.milliseconds(200)))
      })
      #expect(kind(of: failure) == "timedOut")
    }
  }

  @Test(arguments: Family.allCases) func nonsenseIsAnotherProtocol(family: Family) async throws {
    let nonsense = Array("SSH-2.0-OpenSSH_9.2p1 Debian\r\n".utf8)
    try await withBlackHole(.greeting(nonsense, thenCloses: false)) { server in
      let wait = ReadinessWait(subject: "it", probe: family.probe(server.port), liveness: { .alive })
      let error = try await #require(throws: ReadinessError.self) {
        try await wait.run(until: .after(testDeadline))
      }
      guard case .stranger(_, .wrongProtocol) = error else {
        Issue.record("another error: \(error)")
        return
      }
    }
  }

  @Test(arguments: Family.allCases) func sixtyFourCancelledTogetherLeaveNothing(family: Family) async throws {
    try await withBlackHole(.silent) { server in
      let probe = family.probe(server.port)
      let before = try descriptorsToPort(server.port)
      let endings = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<64 {
          group.addTask {
            do {
              _ = try await probe.attempt(until: .after(testDeadline))
              return false
            } catch {
              return error is CancellationError
            }
          }
        }
        while server.accepted < 64 { await Task.yield() }
        group.cancelAll()
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(endings.count == 64 && endings.allSatisfy { $0 })
      #expect(try descriptorsToPort(server.port) == before)
    }
  }

  @Test func aCancelledTaskDoesNotBegin() async throws {
    try await withBlackHole(.silent) { server in
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          await #expect(throws: CancellationError.self) {
            try await Family.redis.probe(server.port).attempt(until: .after(testDeadline))
          }
        }
      }
    }
  }

  @Test(arguments: [
    ("57P03", "starting"), ("57P01", "starting"), ("28P01", "credentials"), ("28000", "credentials"),
    ("3D000", "missingDatabase"), ("53300", "exhausted"), ("58P01", "unusableSettings"),
    ("XX000", "rejected"),
  ])
  func whatPostgresSaysInsteadOfALoginIsToldApart(sqlState: String, expected: String) async throws {
    let fields = [
      "SFATAL", "VFATAL", "C\(sqlState)", "Mthe message", "Fpostmaster.c", "L1", "RProcessStartup",
    ]
    let body = fields.reduce(into: [UInt8]()) { $0 += Array($1.utf8) + [0] } + [0]
    let message: [UInt8] = [UInt8(ascii: "E"), 0, 0, 0, UInt8(body.count + 4)] + body
    try await withBlackHole(.answering(message, thenCloses: true)) { server in
      let failure = try await failure(of: {
        try await Family.postgres.probe(server.port).attempt(until: .after(testDeadline))
      })
      #expect(kind(of: failure) == expected)
      #expect("\(failure)".contains("the message (SQLSTATE \(sqlState))"))
    }
  }

  @Test(arguments: [1, 5, 20]) func halfAMessageFromPostgresIsALostConnection(length: Int) async throws {
    let message = [UInt8(ascii: "E"), 0, 0, 0, 100] + Array("SFATAL\0C57P03\0Mstarting".utf8)
    try await withBlackHole(.answering(Array(message.prefix(length)), thenCloses: true)) { server in
      let failure = try await failure(of: {
        try await Family.postgres.probe(server.port).attempt(until: .after(testDeadline))
      })
      #expect(kind(of: failure) == "unreachable")
    }
  }

  @Test(arguments: [
    (UInt16(1040), "exhausted"), (1053, "starting"), (1130, "credentials"), (1105, "rejected"),
  ])
  func whatMySQLSaysInsteadOfAGreetingIsToldApart(code: UInt16, expected: String) async throws {
    let body = [0xff, UInt8(code & 0xff), UInt8(code >> 8)] + Array("the message".utf8)
    let message = [UInt8(body.count), 0, 0, 0] + body
    try await withBlackHole(.greeting(message, thenCloses: true)) { server in
      let failure = try await failure(of: {
        try await Family.mysql.probe(server.port).attempt(until: .after(testDeadline))
      })
      #expect(kind(of: failure) == expected)
      #expect("\(failure)".contains("\(code)"))
    }
  }

  @Test(arguments: [1, 4, 5, 20]) func halfAGreetingFromMySQLIsALostConnection(length: Int) async throws {
    let message = [74, 0, 0, 0, 10] + Array("10.11.0-MariaDB\0".utf8)
    try await withBlackHole(.greeting(Array(message.prefix(length)), thenCloses: true)) { server in
      let failure = try await failure(of: {
        try await Family.mysql.probe(server.port).attempt(until: .after(testDeadline))
      })
      #expect(kind(of: failure) == "unreachable")
    }
  }
}

/// How many of our descriptors are connections to this local port: what a leaked probe would hold.
///
/// Other tests of the process open and close theirs at the same time, so all of them cannot be counted.
private func descriptorsToPort(_ port: Int) throws -> Int {
  let highest = 1 << 16
  return (0..<Int32(highest)).count { descriptor in
    var peer = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &peer) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
    }
    return result == 0 && peer.sin_family == sa_family_t(AF_INET)
      && Int(in_port_t(bigEndian: peer.sin_port)) == port
  }
}
