import DrydockTestSupport
import Emulator
import Foundation
import Synchronization
import Testing

@testable import RackAPI

/// The password of every server in these tests.
let password = "correct-horse"

/// Serves while `body` works with the port; afterwards the server is ended in order.
func withServer<Value: Sendable>(
  _ server: RackServer, _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> Value {
  let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      defer { continuation.finish() }
      try await server.run(port: 0) { continuation.yield($0) }
    }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    let value = try await body(port)
    group.cancelAll()
    try await group.waitForAll()
    return value
  }
}

/// Serves these routes.
func withRoutes<Value: Sendable>(
  _ routes: [Route], limits: Limits = Limits(), log: RequestLog = .silent,
  _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> Value {
  try await withServer(RackServer(routes: routes, password: password, limits: limits, log: log), body)
}

/// Serves a rack over a home of its own, which is removed afterwards.
func withRack<Value: Sendable>(
  limits: Limits = Limits(), hasConsoles: Bool = true,
  _ body: @escaping @Sendable (Int, DrydockContext) async throws -> Value
) async throws -> Value {
  let path = FileManager.default.temporaryDirectory.path + "/drydock-rack-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  let home = StateHome(root: "\(path)/home", engines: "\(path)/engines", sockets: "\(path)/sockets")
  let environment = ["PATH": "/usr/bin:/bin", "DRYDOCK_RUNTIME": "native"]
  let context = DrydockContext(environment: environment, currentDirectory: path, home: home)
  let rack = Rack(context: context, log: .silent, hasConsoles: hasConsoles)
  return try await withServer(rack.server(password: password, limits: limits)) { port in
    try await body(port, context)
  }
}

extension RequestLog {
  static let silent = RequestLog { _ in }
}

/// Lines that a log was handed.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  var log: RequestLog { RequestLog { line in self.lines.withLock { $0.append(line) } } }
}

/// The head of a request as Convox's tool writes it: a question mark behind each path.
func head(
  _ method: String, _ path: String, port: Int, authorization: String? = basic(password), _ more: [String] = []
) -> String {
  let mark = path.contains("?") ? "" : "?"
  var lines = [
    "\(method) \(path)\(mark) HTTP/1.1", "Host: 127.0.0.1:\(port)", "User-Agent: Go-http-client/1.1",
  ]
  if let authorization { lines.append("Authorization: \(authorization)") }
  return (lines + ["Accept: */*"] + more).joined(separator: "\r\n") + "\r\n\r\n"
}

func basic(_ password: String, user: String = "convox") -> String {
  "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
}

/// The head of a websocket's request as the tool writes it.
func upgrade(_ path: String, port: Int, _ more: [String] = []) -> String {
  "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: \(basic(password))\r\n"
    + "Connection: Upgrade\r\nOrigin: http://127.0.0.1:\(port)\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
}

/// One request on a connection of its own.
func exchange(_ method: String, _ path: String, port: Int, form: [(String, String)]? = nil) async throws
  -> WireResponse
{
  var body = ""
  var more: [String] = []
  if let form {
    body = form.map { "\(encoded($0))=\(encoded($1))" }.joined(separator: "&")
    more = ["Content-Type: application/x-www-form-urlencoded", "Content-Length: \(body.utf8.count)"]
  }
  let request = head(method, path, port: port, more) + body
  return try await Wire.connect(port: port) { wire in
    try await wire.send(request)
    return try #require(try await wire.response())
  }
}

/// A form's value as Go writes it.
func encoded(_ text: String) -> String {
  text.utf8.map { byte in
    let character = Character(Unicode.Scalar(byte))
    if byte < 128, character.isLetter || character.isNumber || "-_.~".contains(character) {
      return String(character)
    }
    return byte == 32 ? "+" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }.joined()
}

/// The text of an error.
func errorText(_ response: WireResponse) throws -> String {
  try #require(try JSONDecoder().decode([String: String].self, from: Data(response.body))["error"])
}

extension WireResponse {
  func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(body))
  }
}
