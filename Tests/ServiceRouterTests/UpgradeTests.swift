import DrydockTestSupport
import Testing

@testable import ServiceRouter

@Suite struct UpgradeTests {
  private static let ask =
    "GET /s HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: other\r\n\r\n"

  @Test func `bytes go both ways behind an upgrade, and each side ends by itself`() async throws {
    try await withReplica { wire, _ in
      let request = try await wire.request()
      #expect(request?.headers["upgrade"] == "other" && request?.headers["connection"] == "upgrade")
      // The first bytes come with the head.
      try await wire.send("HTTP/1.1 101 Other\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\nwelcome\n")
      while let line = try await wire.line() { try await wire.send("you said \(line)\n") }
      try await wire.send("goodbye\n")
    } _: { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(Self.ask + "early\n")
        let response = try #require(try await wire.response())
        #expect(response.status == 101 && response.headers["upgrade"] == "other")
        #expect(try await wire.line() == "welcome")
        #expect(try await wire.line() == "you said early")
        try await wire.send("late\n")
        #expect(try await wire.line() == "you said late")
        #expect(await router.inFlight("web.1") == 1)
        wire.finish()
        #expect(String(decoding: try await wire.rest(), as: UTF8.self) == "goodbye\n")
      }
      try await eventually("the end") { await router.inFlight("web.1") == 0 }
    }
  }

  @Test func `a refused upgrade is an answer like others`() async throws {
    try await withReplica(echo) { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(Self.ask)
        #expect(try await wire.response()?.status == 200)
        try await wire.send(get())
        #expect(try await wire.response()?.status == 200)
      }
    }
  }

  @Test func `a server that ends an upgraded connection ends the client's`() async throws {
    try await withReplica { wire, _ in
      _ = try await wire.request()
      try await wire.send("HTTP/1.1 101 Other\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\nbye")
    } _: { router in
      #expect(try await conversation(Self.ask, port: router.port).hasSuffix("\r\n\r\nbye"))
      try await eventually("the end") { await router.inFlight("web.1") == 0 }
    }
  }
}
