import DrydockTestSupport
import Foundation
import Testing

/// What Convox's tool does with services that run, on the wire, with the built programs.
@Suite("Services by the rack") struct RackServicesTests {
  private static let mark = "F1E49A85-0AD7-4AEF-A618-C249C6E6568D:"

  private static func manifest(_ image: String) -> String {
    """
    services:
      web:
        \(image)
        command: 'echo begun; exec sleep 600'
        scale: 2
        environment: [WORD=first]
      idle: { \(image.isEmpty ? "" : image + ", ")command: sleep 600, scale: 0 }
    """
  }

  /// Where the rack is, and how one speaks with it.
  private struct Client: Sendable {
    let port: Int
    let authorization: String
    var app = ""

    func head(_ method: String, _ path: String, _ more: [String] = []) -> String {
      DrydockTestSupport.head(method, path, port: port, authorization: authorization, more)
    }

    func ask(_ method: String, _ path: String, _ more: [String] = [], body: [UInt8] = []) async throws
      -> WireResponse
    {
      let request = Array(head(method, path, more + ["Content-Length: \(body.count)"]).utf8) + body
      return try await Wire.connect(port: port) { wire in
        try await wire.send(request)
        return try #require(try await wire.response())
      }
    }

    func socket<Value: Sendable>(
      _ path: String, _ headers: [String],
      _ body: @escaping @Sendable @concurrent (inout Wire) async throws -> Value
    ) async throws -> Value {
      let upgrade = [
        "Connection: Upgrade", "Upgrade: websocket", "Origin: http://127.0.0.1:\(port)",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
      ]
      let request = head("GET", path, upgrade + headers)
      return try await Wire.connect(port: port) { wire in
        try await wire.send(request)
        #expect(try await wire.response()?.status == 101)
        return try await body(&wire)
      }
    }

    /// Runs a command beside a process: what it wrote, and its code, which stands in a frame of its own.
    func exec(_ process: String, _ command: String, _ headers: [String] = ["Tty: false"], input: [UInt8] = [])
      async throws -> (output: [UInt8], code: Int)
    {
      try await socket("/apps/\(app)/processes/\(process)/exec", ["command: \(command)"] + headers) { wire in
        for start in stride(from: 0, to: input.count, by: 10_240) {
          try await wire.send(frame: 1, Array(input[start..<min(start + 10_240, input.count)]))
        }
        try await wire.send(frame: 2, [])
        var output: [UInt8] = []
        while let frame = try await wire.frame(), frame.opcode == 1 {
          if frame.text.hasPrefix(mark) {
            return (output, try #require(Int(frame.text.dropFirst(mark.count).dropLast())))
          }
          output += frame.payload
        }
        throw FixtureError("no exit code after \(String(decoding: output, as: UTF8.self))")
      }
    }
  }

  /// An app whose services run, and a rack.
  private func withServices(
    _ manifest: String, _ options: AppOptions,
    _ body: @escaping @Sendable (Client, AppFixture) async throws -> Void
  ) async throws {
    try await withApp(manifest, options) { app in
      let started = try await app.drydock("start", "--detach", "--no-mounts")
      try #require(started.status == 0, "\(started)")
      let port = try await app.startRack()
      do {
        let variables: [String: String] = try await app.drydock("rack", "env", "--format", "json").decode()
        let url = try #require(variables["RACK_URL"].flatMap { URLComponents(string: $0) })
        var client = Client(port: port, authorization: basic(url.password ?? ""))
        struct Name: Decodable { var name: String }
        client.app = try #require(try await client.ask("GET", "/apps").list(of: Name.self).first).name
        try await body(client, app)
      } catch {
        _ = try? await app.drydock("rack", "stop")
        throw error
      }
      #expect(try await app.drydock("rack", "stop").status == 0)
    }
  }

  private struct Process: Decodable {
    var id: String
    var name: String
    var status: String
    var command: String
    var started: String
  }

  private func processes(_ client: Client) async throws -> [Process] {
    try await client.ask("GET", "/apps/\(client.app)/processes").list(of: Process.self)
  }

  /// What the tool does for `run`: a process that sleeps, the command beside it, the end of it.
  private func run(_ client: Client, _ service: String) async throws {
    let path = "/apps/\(client.app)/services/\(service)/processes"
    let made = try await client.ask("POST", path, ["Command: sleep 3600", "Environment: OWN=a%20b"])
    try #require(made.status == 200, "\(made.text)")
    let id = try JSONDecoder().decode(Process.self, from: Data(made.body)).id
    #expect(id == "\(service).run1")
    #expect(try await client.ask("GET", "/apps/\(client.app)/processes/\(id)").text.contains("\"running\""))
    let ran = try await client.exec(
      id, "cat; echo $SERVICE $OWN; exit 33", ["Entrypoint: true", "Tty: false"],
      input: Array("in\n".utf8))
    #expect(String(decoding: ran.output, as: UTF8.self) == "in\n\(service) a b\n")
    #expect(ran.code == 33)
    #expect(try await client.ask("DELETE", "/apps/\(client.app)/processes/\(id)").text == "ok\n")
    try await eventually("its end") { try await processes(client).allSatisfy { $0.id != id } }
    let gone = try await client.ask("GET", "/apps/\(client.app)/processes/\(id)")
    #expect(gone.status == 404 && gone.text.contains("no such process: \(id)"), "\(gone.text)")
  }

  private func logs(_ client: Client) async throws -> String {
    try await client.socket("/apps/\(client.app)/logs", ["Prefix: true", "Follow: false"]) { wire in
      var text = ""
      while let frame = try await wire.frame(), frame.opcode == 1 { text += frame.text }
      return text
    }
  }

  private func common(_ client: Client, _ app: AppFixture) async throws {
    try await eventually("both are ready") {
      try await processes(client).filter { $0.status == "running" }.map(\.id) == ["web.1", "web.2"]
    }
    let every = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let piped = try await client.exec("web.1", "cat; exit 200", input: every)
    #expect(piped.output == every && piped.code == 200)
    try await run(client, "web")
    // One that is scaled to 0 too.
    try await run(client, "idle")
    // Through before anybody could ask where it runs.
    for _ in 1...3 {
      let path = "/apps/\(client.app)/services/web/processes"
      let quick = try await client.ask("POST", path, ["Command: true"])
      #expect(quick.status == 200, "\(quick.text)")
    }
    try await eventually("the service's line") {
      try await logs(client).contains("Z service/web/web.1 begun\n")
    }
    let before = try await processes(client).first { $0.id == "web.2" }?.started
    #expect(try await client.ask("DELETE", "/apps/\(client.app)/processes/web.2").text == "ok\n")
    try await eventually("another in its place", within: .seconds(60)) {
      guard let now = try await processes(client).first(where: { $0.id == "web.2" }) else { return false }
      return now.status == "running" && now.started != before
    }
  }

  @Test("natively: processes, exec, run, logs, files")
  func native() async throws {
    try await withServices(Self.manifest(""), AppOptions(runtime: "native", isHeavy: false)) { client, app in
      try await common(client, app)
      let screen = try await client.exec("web.2", "stty size; tty >/dev/null", ["Width: 111", "Height: 33"])
      #expect(String(decoding: screen.output, as: UTF8.self).hasPrefix("33 111\r\n"))
      for code in 0...255 {
        #expect(try await client.exec("web.1", "exit \(code)").code == code)
      }
      let packed = try await client.ask(
        "GET", "/apps/\(client.app)/processes/web.1/files?file=\(app.folder.path)/convox.yml")
      #expect(packed.status == 200 && packed.text.hasPrefix("convox.yml\u{0}"))
      let missing = try await client.ask("GET", "/apps/\(client.app)/processes/web.1/files?file=/no/such")
      #expect(missing.text.contains("no such file: /no/such"), "\(missing.text)")
    }
  }

  @Test("natively: a process whose tool is gone ends")
  func abandoned() async throws {
    try await withServices(Self.manifest(""), AppOptions(runtime: "native", isHeavy: false)) { client, _ in
      let path = "/apps/\(client.app)/services/web/processes"
      _ = try await client.ask("POST", path, ["Command: sleep 3600"])
      _ = try await client.ask("GET", "/apps/\(client.app)/processes/web.run1")
      try await client.socket("/apps/\(client.app)/processes/web.run1/exec", ["command: sleep 500"]) { wire in
        // It is gone without a word.
        try await wire.send(frame: 1, [120])
      }
      try await eventually("its end", within: .seconds(30)) {
        try await processes(client).allSatisfy { $0.id != "web.run1" }
      }
    }
  }

  @Test("in Docker: processes, exec, run, logs, files", .images("base:bookworm"))
  func docker() async throws {
    let manifest = Self.manifest("image: drydock/base:bookworm")
    try await withServices(manifest, AppOptions(runtime: "docker")) { client, app in
      try await common(client, app)
      let packed = try await client.ask("GET", "/apps/\(client.app)/processes/web.1/files?file=/etc/hostname")
      #expect(packed.status == 200 && packed.text.hasPrefix("hostname\u{0}"))
      // Back to another place: the name is the archive's.
      let copied = try await client.ask(
        "POST", "/apps/\(client.app)/processes/web.1/files", body: packed.body)
      #expect(copied.text == "ok\n", "\(copied.text)")
      #expect(try await client.exec("web.1", "test -s /hostname").code == 0)
      let missing = try await client.ask("GET", "/apps/\(client.app)/processes/web.1/files?file=/no/such")
      #expect(missing.text.contains("no such file: /no/such"), "\(missing.text)")
    }
  }
}

extension WireResponse {
  fileprivate func list<Item: Decodable>(of type: Item.Type) throws -> [Item] {
    try JSONDecoder().decode([Item].self, from: Data(body))
  }
}
