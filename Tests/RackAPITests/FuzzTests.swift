import DrydockTestSupport
import Foundation
import NIOCore
import Testing

@testable import LocalServer
@testable import RackAPI

/// Random requests and frames from a seed, which a failure names. `DRYDOCK_FUZZ_SEED` repeats one.
@Suite struct FuzzTests {
  /// Sends back what it gets, and ends at the end of the input.
  private static let echo = Route.socket("/echo") { _ in
    { socket in
      let (inputs, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
      try await socket.converse { input in
        switch input {
        case .bytes(let bytes): continuation.yield(bytes)
        case .end: continuation.finish()
        }
      } output: {
        for await bytes in inputs { try await socket.write(bytes) }
      }
    }
  }

  private let seed =
    ProcessInfo.processInfo.environment["DRYDOCK_FUZZ_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0 ... .max)

  /// A request of this client too may take longer than the short limits allow; a server that is down never answers.
  private func stillServes(_ port: Int) async throws {
    try await eventually("an answer; seed \(seed)", within: .seconds(20)) {
      (try? await exchange("GET", "/system", port: port).status) == 200
    }
  }

  @Test func `no request takes the server down`() async throws {
    let seed = seed
    var limits = Limits()
    // Half a request is given up soon.
    (limits.head, limits.body, limits.idle) = (.milliseconds(50), .milliseconds(50), .milliseconds(50))
    try await withRack(limits: limits) { port, _ in
      var random = SeededRandom(state: seed)
      let form = "Content-Type: application/x-www-form-urlencoded"
      let requests = [
        head("GET", "/apps", port: port), head("OPTIONS", "/resources", port: port),
        head("POST", "/apps", port: port, [form, "Content-Length: 8"]) + "name=web",
        head("POST", "/apps/web/releases", port: port, [form, "Transfer-Encoding: chunked"])
          + "9\r\nenv=A%3D1\r\n0\r\n\r\n",
        upgrade("/proxy/127.0.0.1/5432", port: port),
      ].map { Array($0.utf8) }
      for _ in 0..<150 {
        let request = random.mutated(requests.randomElement(using: &random) ?? [])
        try? await Wire.connect(port: port) { wire in
          try await wire.send(request)
          _ = try? await wire.line()
        }
      }
      try await stillServes(port)
    }
  }

  @Test func `no frame takes the server down`() async throws {
    let seed = seed
    let system = Route.get("/system") { _, _ in .ok }
    var limits = Limits()
    limits.close = .milliseconds(50)
    try await withRoutes([Self.echo, system], limits: limits) { port in
      var random = SeededRandom(state: seed)
      for _ in 0..<150 {
        var bytes: [UInt8] = []
        for _ in 0..<4 {
          let opcode = UInt8.random(in: 0...15, using: &random)
          let payload = random.bytes([0, 1, 125, 126, 70_000].randomElement(using: &random) ?? 0)
          bytes += WireFrame.encode(opcode, payload, fin: Bool.random(using: &random))
        }
        let stream = Bool.random(using: &random) ? random.mutated(bytes) : bytes
        let goodbye = WireFrame.encode(8, [3, 232])
        try? await Wire.connect(port: port) { wire in
          try await wire.send(upgrade("/echo", port: port))
          _ = try await wire.response()
          try? await wire.send(stream + goodbye)
          // A frame may have announced more than came, for which the server would go on waiting.
          wire.finish()
          _ = try? await wire.rest()
        }
      }
      try await stillServes(port)
    }
  }
}
