import DrydockTestSupport
import MonotonicTime
import Testing

@testable import ServiceRouter

@Suite struct TCPTests {
  /// Sends lines back, and a word behind the last.
  @Sendable @concurrent private func lines(_ wire: inout Wire, _ number: Int) async throws {
    while let line = try await wire.line() { try await wire.send("\(number): \(line)\n") }
    try await wire.send("end\n")
    wire.finish()
    _ = try await wire.rest()
  }

  @Test func `bytes go both ways, and each side ends by itself`() async throws {
    try await withWireServer(lines) { port in
      try await withRouter(to: [port]) {
        $0.mode = .tcp
      } _: { router in
        try await Wire.connect(port: router.port) { wire in
          try await wire.send("a\n")
          #expect(try await wire.line() == "0: a")
          #expect(await router.inFlight("web.1") == 1)
          try await wire.send("b\n")
          wire.finish()
          #expect(String(decoding: try await wire.rest(), as: UTF8.self) == "0: b\nend\n")
        }
        try await eventually("the end") { await router.inFlight("web.1") == 0 }
      }
    }
  }

  @Test func `a connection waits for a replica, and ends where none comes`() async throws {
    try await withWireServer(lines) { port in
      try await withRefusingPort { refusing in
        try await withRouter(to: []) {
          $0.mode = .tcp
        } _: { router in
          try await Wire.connect(port: router.port) { wire in
            try await wire.send("a\n")
            try await eventually("the wait") { await router.waiting() == 1 }
            router.setBackends(backends([refusing, port]))
            #expect(try await wire.line() == "0: a")
          }
          router.setBackends([])
          router.setCondition(.scaledToZero)
          // Broken off, perhaps before it is there.
          let rest = try? await Wire.connect(port: router.port) { wire in try await wire.rest() }
          #expect(rest ?? [] == [])
        }
      }
    }
  }
}
