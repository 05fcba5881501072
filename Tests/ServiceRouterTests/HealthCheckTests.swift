import DrydockTestSupport
import MonotonicTime
import Testing

@testable import ServiceRouter

@Suite struct HealthCheckTests {
  private func verdict(_ answer: String) async throws -> HealthCheck.Verdict {
    try await withWireServer { wire, _ in
      let request = try await wire.request()
      #expect(request?.line == "GET /health?x HTTP/1.1")
      try await wire.send(answer)
    } _: { port in
      await HealthCheck(.http(path: "/health?x"), timeout: .seconds(60)).run(Backend(id: "a", port: port))
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\n\r\n", HealthCheck.Verdict.healthy), ("HTTP/1.0 302 Found\r\n\r\n", .healthy),
    ("HTTP/1.1 401 No\r\n\r\n", .healthy), ("HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 204 No\r\n\r\n", .healthy),
    ("HTTP/1.1 404 Not Found\r\n\r\n", .unhealthy("answered 404")),
    ("HTTP/1.1 503 No\r\n\r\n", .unhealthy("answered 503")), ("", .unhealthy("closed without an answer")),
    ("+PONG\r\n\r\n", .unhealthy("it does not answer in HTTP/1")),
  ])
  func `the status decides`(_ answer: String, _ wanted: HealthCheck.Verdict) async throws {
    #expect(try await verdict(answer) == wanted)
  }

  @Test(arguments: [HealthCheck.Probe.http(path: "/"), .connect])
  func `one that refuses is told so`(_ probe: HealthCheck.Probe) async throws {
    try await withRefusingPort { port in
      let verdict = await HealthCheck(probe, timeout: .seconds(60)).run(Backend(id: "a", port: port))
      #expect(verdict == .unhealthy("refused"))
    }
  }

  @Test func `one that does not answer is waited for as long as was said`() async throws {
    try await withBlackHole(.silent) { server in
      let backend = Backend(id: "a", port: server.port)
      #expect(
        await HealthCheck(.http(path: "/"), timeout: .milliseconds(50)).run(backend)
          == .unhealthy("no answer within 50 ms"))
      #expect(await HealthCheck(.connect, timeout: .seconds(60)).run(backend) == .healthy)
    }
  }

  @Test func `a cancelled check ends`() async throws {
    try await withBlackHole(.silent) { server in
      let backend = Backend(id: "a", port: server.port)
      let check = Task { await HealthCheck(.http(path: "/"), timeout: .seconds(3600)).run(backend) }
      try await eventually("the connection") { server.accepted == 1 }
      check.cancel()
      #expect(await check.value != .healthy)
    }
  }
}
