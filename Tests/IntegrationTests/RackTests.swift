import DrydockTestSupport
import Foundation
import Testing

/// The rack as a process, with the built programs.
@Suite struct RackTests {
  private struct Status: Decodable {
    var status: String
    var port: Int
    var pid: Int32?
  }

  private func status(_ app: AppFixture) async throws -> Status {
    try await app.drydock("rack", "status", "--format", "json").decode()
  }

  /// Runs `body` while the rack serves at a free port.
  private func withRack(_ app: AppFixture, _ body: (Status, [String: String]) async throws -> Void)
    async throws
  {
    for port in (21_000..<21_400).shuffled().prefix(20) {
      let start = try await app.drydock("rack", "start", "--port", "\(port)")
      if start.status != 0, start.stderr.contains("is taken by") { continue }
      try #require(start.status == 0, "\(start)")
      break
    }
    do {
      let variables: [String: String] = try await app.drydock("rack", "env", "--format", "json").decode()
      try await body(try await status(app), variables)
    } catch {
      _ = try? await app.drydock("rack", "stop")
      throw error
    }
    #expect(try await app.drydock("rack", "stop").status == 0)
    #expect(try await status(app).status == "stopped")
  }

  private func authorization(_ variables: [String: String]) throws -> String {
    let url = try #require(variables["RACK_URL"].flatMap { URLComponents(string: $0) })
    return Data("convox:\(url.password ?? "")".utf8).base64EncodedString()
  }

  @Test func `it starts once, survives kill -9 and keeps its password`() async throws {
    try await withApp("services: {}\n", AppOptions(isHeavy: false)) { app in
      try await withRack(app) { first, variables in
        #expect(variables["CONVOX_LOCAL"] == "disable")
        let again = try await app.drydock("rack", "start")
        #expect(again.status == 0)
        #expect(again.stderr.contains("runs already"))
        kill(try #require(first.pid), SIGKILL)
        try await eventually("its end") { try await status(app).status == "stopped" }
        #expect(try await app.drydock("rack", "start").status == 0)
        let second = try await status(app)
        #expect(second.port == first.port)
        #expect(second.pid != first.pid)
        let later: [String: String] = try await app.drydock("rack", "env", "--format", "json").decode()
        #expect(later == variables)
        let password = app.home.appending(path: "rack/password").path(percentEncoded: false)
        let mode = try FileManager.default.attributesOfItem(atPath: password)[.posixPermissions] as? Int
        #expect(mode == 0o600)
      }
    }
  }

  @Test func `the bytes of a redis client pass through its websocket`() async throws {
    try await withApp("resources:\n  cache:\n    type: redis\n", AppOptions(runtime: "native")) { app in
      try await app.up()
      let port = try #require(try await app.ps()["cache"]?.port)
      try await withRack(app) { status, variables in
        let basic = try authorization(variables)
        let head =
          "GET /proxy/127.0.0.1/\(port) HTTP/1.1\r\nHost: 127.0.0.1:\(status.port)\r\n"
          + "Authorization: Basic \(basic)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        try await Wire.connect(port: status.port) { wire in
          try await wire.send(head)
          #expect(try await wire.response()?.status == 101)
          let value: [UInt8] = [0xff, 0xfe, 0x00, 0x80]
          try await wire.send(
            frame: 1, Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n".utf8) + value + [13, 10])
          #expect(try await wire.frame()?.text == "+OK\r\n")
          try await wire.send(frame: 1, Array("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".utf8))
          #expect(try await wire.frame()?.payload == Array("$4\r\n".utf8) + value + [13, 10])
          try await wire.send(frame: 2, [])
          #expect(try await wire.frame()?.closeCode == 1000)
        }
      }
    }
  }
}
