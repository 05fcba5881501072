import DrydockTestSupport
import Foundation
import Testing

/// The rack as a process, with the built programs.
@Suite struct RackTests {
  private struct Status: Decodable {
    var status: String
    var port: Int
    var pid: Int32?
    var hasConsoles: Bool?
  }

  private func status(_ app: AppFixture) async throws -> Status {
    try await app.drydock("rack", "status", "--format", "json").decode()
  }

  /// Runs `body` while the rack serves at a free port.
  private func withRack(_ app: AppFixture, _ body: (Status, [String: String]) async throws -> Void)
    async throws
  {
    _ = try await app.startRack()
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
        #expect(first.hasConsoles == true)
        #expect(try await app.drydock("rack", "start", "--no-console").status == 1)
        kill(try #require(first.pid), SIGKILL)
        try await eventually("its end") { try await status(app).status == "stopped" }
        let off = try await app.drydock("rack", "start", "--no-console")
        #expect(off.status == 0 && off.stdout.contains("Console off"), "\(off)")
        let second = try await status(app)
        #expect(second.hasConsoles == false)
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

  /// Bug: starts ended each other, met "runs already" while nothing ran, told of a port that nothing served, and made a
  /// password each.
  @Test func `of several starts at once one serves, and all tell of it`() async throws {
    try await withApp("services: {}\n", AppOptions(isHeavy: false)) { app in
      let ports = try quietPorts(4)
      let words = ["rack", "start", "--format", "json", "--port"]
      let starts = try ports.map { try app.start(words + ["\($0)"]) }
      var told: [Status] = []
      for start in starts {
        let result = try await start.result()
        #expect(result.status == 0, "\(result)")
        told.append(try result.decode())
      }
      let now = try await status(app)
      #expect(now.status == "running" && ports.contains(now.port))
      #expect(told.allSatisfy { $0.port == now.port && $0.pid == now.pid }, "\(told)")
      let variables: [String: String] = try await app.drydock("rack", "env", "--format", "json").decode()
      let request = try head("GET", "/apps", now, variables)
      try await Wire.connect(port: now.port) { wire in
        try await wire.send(request)
        #expect(try await wire.response()?.status == 200)
      }
      #expect(try await app.drydock("rack", "stop").status == 0)
    }
  }

  /// Bug: a rack that was halted outlived its stop, and another process that had got its number was signalled.
  @Test func `a rack that was halted is ended, and nobody else`() async throws {
    try await withApp("services: {}\n", AppOptions(isHeavy: false)) { app in
      try await withRack(app) { status, _ in
        kill(try #require(status.pid), SIGSTOP)
        let end = try await app.drydock("rack", "stop")
        #expect(end.status == 0 && end.stderr.contains("is stopped"), "\(end)")
        #expect(try await self.status(app).status == "stopped")
      }
    }
  }

  /// Bug: it ended with the code of anything.
  @Test(.root) func `a start on a full disk ends with the code for that`() async throws {
    try await withApp("services: {}\n", AppOptions(isHeavy: false)) { app in
      try await app.withMount(["-o", "size=64k,mode=755"]) {
        let ballast = app.home.appending(path: "ballast").path
        _ = try await app.program("dd", "if=/dev/zero", "of=\(ballast)", "bs=4k")
        let result = try await app.drydock("rack", "start", "--port", "\(try freePort())")
        #expect(result.status == 73 && result.stderr.contains("DRYDOCK_HOME"), "\(result)")
      }
    }
  }

  /// Bug: the password was told, and so sent, whoever had the port of a rack that had died.
  @Test func `the password is told while the rack itself has its port`() async throws {
    try await withApp("services: {}\n", AppOptions(isHeavy: false)) { app in
      func isKept() async throws {
        let told = try await app.drydock("rack", "env")
        #expect(told.status == 1 && told.stdout.isEmpty, "\(told)")
        #expect(told.stderr.contains("drydock rack start"), "\(told)")
      }
      try await isKept()
      // Bug: several that asked at once in a new home made a password each.
      let file = app.home.appending(path: "rack/password").path(percentEncoded: false)
      #expect(!FileManager.default.fileExists(atPath: file))
      try await withRack(app) { status, variables in
        kill(try #require(status.pid), SIGKILL)
        try await eventually("its end") { try await self.status(app).status == "stopped" }
        try await isKept()
        let stranger = try BlackHoleServer(.silent, port: status.port)
        try await isKept()
        stranger.stop()
        #expect(try await app.drydock("rack", "start", "--new-password").status == 0)
        let later: [String: String] = try await app.drydock("rack", "env", "--format", "json").decode()
        #expect(later["RACK_URL"] != variables["RACK_URL"])
        let again = try await app.drydock("rack", "start", "--new-password")
        #expect(again.status == 1 && again.stderr.contains("drydock rack stop"), "\(again)")
        #expect(try await app.drydock("rack", "env", "--format", "json").decode() == later)
        for (variables, answer) in [(variables, 401), (later, 200)] {
          let request = try head("GET", "/apps", status, variables)
          try await Wire.connect(port: status.port) { wire in
            try await wire.send(request)
            #expect(try await wire.response()?.status == answer)
          }
        }
      }
      try await isKept()
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

  @Test func `its log is shown, followed and kept, and says more when asked to`() async throws {
    try await withApp("services: {}\n", AppOptions(isHeavy: false)) { app in
      let none = try await app.drydock("rack", "logs")
      #expect(
        none.status == 0 && none.stdout.isEmpty && none.stderr.contains("drydock rack start"), "\(none)")
      try await withRack(app) { status, variables in
        let following = try app.start(["rack", "logs", "-f", "--tail", "0"])
        try await eventually("a line that is followed") {
          try await ask("/apps/shop?token=hush", status, variables)
          return following.stdout.contains("GET /apps/shop 404")
        }
        following.send(SIGINT)
        let followed = try await following.result()
        #expect(followed.status == 130 && !followed.stdout.contains("hush"), "\(followed)")
        try await ask("/apps", status, variables)
        // No request waits for its line.
        try await eventually("the last line, alone") {
          try await app.drydock("rack", "logs", "--tail", "1").stdout
            .wholeMatch(of: /\S+Z GET \/apps 200 \d+ ms\n/) != nil
        }
        #expect(try await app.drydock("rack", "logs", "--tail", "-1").status == 64)
      }
      let later = try await app.drydock("rack", "logs")
      #expect(later.stdout.contains("GET /apps 200") && !later.stdout.contains("drydock."), "\(later)")
    }
  }

  private func ask(_ path: String, _ status: Status, _ variables: [String: String]) async throws {
    let request = try head("GET", path, status, variables)
    try await Wire.connect(port: status.port) { wire in
      try await wire.send(request)
      _ = try await wire.response()
    }
  }

  /// A request's head as the tool writes it.
  private func head(
    _ method: String, _ path: String, _ status: Status, _ variables: [String: String], _ more: [String] = []
  ) throws -> String {
    let lines =
      [
        "\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(status.port)",
        "Authorization: Basic \(try authorization(variables))",
      ] + more
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
  }

  private static let upgrade = [
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  ]

  @Test func `consoles have a terminal where the tool has one, and data goes out and in`() async throws {
    let manifest = "resources:\n  cache:\n    type: redis\n  mem:\n    type: memcached\n"
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try await app.up()
      try await withRack(app) { status, variables in
        let list = try head("GET", "/apps", status, variables)
        let apps = try await Wire.connect(port: status.port) { wire in
          try await wire.send(list)
          return try await wire.response()?.text ?? ""
        }
        let handle = try #require(apps.firstMatch(of: /"name":"([^"]+)"/)?.1)
        for (name, size, keys, answer) in [
          ("cache", ["Height: 24", "Width: 80"], "quit\r", "127.0.0.1:"),
          ("cache", [], "set k v\n", "OK\n"), ("mem", ["Height: 24", "Width: 80"], "quit\r", "mem> "),
          ("mem", [], "version\n", "VERSION "),
        ] {
          let path = "/apps/\(handle)/resources/\(name)/console"
          let request = try head("GET", path, status, variables, Self.upgrade + size)
          try await Wire.connect(port: status.port) { wire in
            try await wire.send(request)
            #expect(try await wire.response()?.status == 101)
            var shown = ""
            // A terminal's program forgets what was typed before its prompt.
            while !size.isEmpty, !shown.contains(answer) { shown += try await wire.frame()?.text ?? answer }
            try await wire.send(frame: 1, Array(keys.utf8))
            if size.isEmpty { try await wire.send(frame: 2, []) }
            var frame = try await wire.frame()
            while frame?.opcode == 1 {
              shown += frame?.text ?? ""
              frame = try await wire.frame()
            }
            #expect(shown.contains(answer), "\(name): \(shown)")
            #expect(frame?.closeCode == 1000)
          }
        }
        let data = "/apps/\(handle)/resources/cache/data"
        let (get, put) = (
          try head("GET", data, status, variables),
          try head("PUT", data, status, variables, ["Transfer-Encoding: chunked"])
        )
        try await Wire.connect(port: status.port) { wire in
          try await wire.send(get)
          let dump = try #require(try await wire.response())
          #expect(dump.status == 200)
          #expect(!dump.isTruncated && !dump.body.isEmpty)
          try await wire.send(put)
          // In many small pieces, as it comes from a slow disk.
          for byte in dump.body { try await wire.send([0x31, 13, 10, byte, 13, 10]) }
          try await wire.send("0\r\n\r\n")
          let loaded = try #require(try await wire.response())
          #expect(loaded.status == 200, "\(loaded.text)")
        }
      }
    }
  }
}
