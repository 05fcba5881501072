import DrydockTestSupport
import Foundation
import MonotonicTime
import PortListeners
import Testing

@testable import HealthProbes

/// Somebody else has the port of a server that was just started, and asks for a password.
@Suite struct ListenerProofTests {
  @Test(arguments: BadServerTests.Family.allCases)
  func whoIsNotOursGetsNoByte(family: BadServerTests.Family) async throws {
    try await withBlackHole(family.trap) { server in
      // This process is not the server's; the server's own has ended.
      let target = family.target(server.port, ExpectedListener(port: server.port, processID: nil))
      let failure = try await failure(of: {
        try await family.probe(target).attempt(until: .after(testDeadline))
      })
      #expect(kind(of: failure) == "stranger")
      #expect(server.accepted == 0 && server.received.isEmpty)
    }
  }

  @Test(arguments: BadServerTests.Family.allCases)
  func whereNobodyListensNothingIsTried(family: BadServerTests.Family) async throws {
    try await withRefusingPort { port in
      let target = family.target(port, ExpectedListener(port: port, processID: getpid()))
      let failure = try await failure(of: {
        try await family.probe(target).attempt(until: .after(testDeadline))
      })
      #expect(kind(of: failure) == "unreachable")
    }
  }

  /// The trap works: where the proof says that the server is ours, it is asked.
  @Test(arguments: BadServerTests.Family.allCases)
  func whoIsOursIsSpokenTo(family: BadServerTests.Family) async throws {
    try await withBlackHole(family.trap) { server in
      let target = family.target(server.port, ExpectedListener(port: server.port, processID: getpid()))
      let attempt = Task { try await family.probe(target).attempt(until: .after(testDeadline)) }
      // MySQL speaks first, and what this one asks for ends the conversation.
      try await eventually("the question") {
        server.accepted == 1 && (family == .mysql || !server.received.isEmpty)
      }
      attempt.cancel()
      await #expect(throws: (any Error).self) { try await attempt.value }
    }
  }

  @Test(arguments: [BadServerTests.Family.postgres, .mysql])
  func aRequestForThePasswordItselfIsRefused(family: BadServerTests.Family) async throws {
    try await withBlackHole(family.trap) { server in
      let probe = family.probe(server.port)
      _ = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
      #expect(server.accepted == 1)
      #expect(!String(decoding: server.received, as: UTF8.self).contains("secret"))
    }
  }

  @Test(
    arguments: [
      ([], false), (Array("E".utf8), false), (Array("R".utf8), nil), (request(10), false),
      (request(0), false),
      (request(3), true), (request(5), true), (Array(request(10).dropLast()), nil),
      (request(12) + request(3), true),
      (request(12) + Array("R".utf8), nil), (Array("Z".utf8) + [0, 0, 0, 0], false),
    ] as [([UInt8], Bool?)])
  func onlySCRAMAsksForNoPassword(messages: [UInt8], asksForMore: Bool?) {
    #expect(asksForMoreThanProof(messages) == asksForMore)
  }
}

/// PostgreSQL's request for a login by the method of that number.
private func request(_ method: UInt8) -> [UInt8] { [UInt8(ascii: "R"), 0, 0, 0, 8, 0, 0, 0, method] }

extension BadServerTests.Family {
  func target(_ port: Int, _ listener: ExpectedListener) -> ProbeTarget {
    ProbeTarget(port: port, user: "app", password: "secret", database: "app", listener: listener)
  }

  /// A server that asks for a password in clear text.
  var trap: BlackHoleServer.Behaviour {
    switch self {
    case .postgres: .answering([UInt8(ascii: "R"), 0, 0, 0, 8, 0, 0, 0, 3], thenCloses: false)
    case .mysql: .greeting(mysqlGreeting(plugin: "mysql_clear_password"), thenCloses: false)
    case .redis, .memcached: .answering([], thenCloses: false)
    }
  }
}

/// A MySQL server's first packet: version 10 of the protocol, that asks for a login by a plugin.
func mysqlGreeting(plugin: String, version: String = "8.0.30") -> [UInt8] {
  let body =
    [10] + Array(version.utf8) + [0, 1, 0, 0, 0] + Array("saltsalt".utf8) + [0]
    // Capabilities: protocol 4.1, secure connection, plugins; utf8mb4; status; length of the salt.
    + [0x01, 0xa2, 45, 2, 0, 0x08, 0, 21] + Array(repeating: UInt8(0), count: 10)
    + Array("saltsaltsalt".utf8) + [0] + Array(plugin.utf8) + [0]
  return [UInt8(body.count), 0, 0, 0] + body
}
