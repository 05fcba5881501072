import DrydockTestSupport
import Foundation
import Testing

/// A rack that runs, as Convox's tool speaks with it.
struct RackClient: Sendable {
  let port: Int
  private let password: String

  init(_ url: String) throws {
    let parts = try #require(URLComponents(string: url))
    port = try #require(parts.port)
    password = try #require(parts.password)
  }

  /// One request, with a form or an upload.
  func ask(
    _ method: String, _ path: String, form: [(String, String)]? = nil, upload: [UInt8]? = nil
  ) async throws -> WireResponse {
    var body = upload ?? []
    var more: [String] = []
    if let form {
      body = Array(form.map { "\(encoded($0))=\(encoded($1))" }.joined(separator: "&").utf8)
      more = ["Content-Type: application/x-www-form-urlencoded"]
    }
    if !body.isEmpty || method == "POST" { more.append("Content-Length: \(body.count)") }
    let request = Array(head(method, path, port: port, authorization: basic(password), more).utf8) + body
    return try await Wire.connect(port: port) { wire in
      try await wire.send(request)
      return try #require(try await wire.response())
    }
  }

  /// The same, decoded; anything but success fails the test.
  func get<Value: Decodable>(
    _ method: String, _ path: String, form: [(String, String)]? = nil, upload: [UInt8]? = nil
  ) async throws -> Value {
    let response = try await ask(method, path, form: form, upload: upload)
    try #require(response.status == 200, "\(method) \(path): \(response.text)")
    return try JSONDecoder().decode(Value.self, from: Data(response.body))
  }

  /// Sends a file as the body of a request, as fast as it is taken.
  func send(_ method: String, _ path: String, file: URL, within time: Duration) async throws -> WireResponse {
    let size =
      try FileManager.default.attributesOfItem(atPath: file.path(percentEncoded: false))[.size] as? Int
    let head = head(
      method, path, port: port, authorization: basic(password), ["Content-Length: \(size ?? 0)"])
    return try await Wire.connect(port: port, within: time) { wire in
      let handle = try FileHandle(forReadingFrom: file)
      try await wire.send(head)
      while let bytes = try handle.read(upToCount: 1 << 18), !bytes.isEmpty {
        try await wire.send(Array(bytes))
      }
      return try #require(try await wire.response())
    }
  }

  /// Takes the body of an answer into a file.
  /// - Parameter waiting: Works after the answer's head has come, while nothing else of it is read.
  func receive(
    _ path: String, into file: URL, within time: Duration,
    waiting: @escaping @Sendable () async throws -> Void
  ) async throws {
    let head = head("GET", path, port: port, authorization: basic(password))
    try Data().write(to: file)
    try await Wire.connect(port: port, within: time) { wire in
      let handle = try FileHandle(forWritingTo: file)
      try await wire.send(head)
      let response = try #require(try await wire.responseHead())
      try #require(response.status == 200, "\(response)")
      try await waiting()
      while true {
        let bytes = try #require(try await wire.chunk(), "the body broke off")
        if bytes.isEmpty { return }
        try handle.write(contentsOf: bytes)
      }
    }
  }

  /// All that a websocket says, to its end.
  func stream(_ path: String) async throws -> String {
    let request = head(
      "GET", path, port: port, authorization: basic(password),
      [
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
      ])
    return try await Wire.connect(port: port) { wire in
      try await wire.send(request)
      try #require(try await wire.response()?.status == 101)
      var text = ""
      while let frame = try await wire.frame(), frame.opcode != 8 { text += frame.text }
      return text
    }
  }
}

extension AppFixture {
  /// Starts the rack of the home at a port that is free, and stays so for nobody else.
  func startRack() async throws -> Int {
    for port in try quietPorts(20) {
      let start = try await drydock("rack", "start", "--port", "\(port)")
      if start.status != 0, start.stderr.contains("is taken by") { continue }
      try #require(start.status == 0, "\(start)")
      return port
    }
    throw FixtureError("no port was free for the rack")
  }
}

/// Runs `body` while the rack of an app's home serves at a free port.
func withRackClient(_ app: AppFixture, _ body: (RackClient) async throws -> Void) async throws {
  _ = try await app.startRack()
  do {
    let variables: [String: String] = try await app.drydock("rack", "env", "--format", "json").decode()
    try await body(try RackClient(try #require(variables["RACK_URL"])))
  } catch {
    _ = try? await app.drydock("rack", "stop")
    throw error
  }
  #expect(try await app.drydock("rack", "stop").status == 0)
}
