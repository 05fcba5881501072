import DrydockTestSupport
import Foundation
import Synchronization
import Testing

@testable import LocalServer

/// The password of every server in these tests.
let password = wirePassword

/// Serves while `body` works with the port; afterwards the server is ended in order.
func withServer<Value: Sendable>(
  _ server: WebServer, _ body: @escaping @Sendable (Int) async throws -> Value
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

/// What the servers of these tests call themselves.
let testName = ServerName("desk", passwordHint: "ask at the desk")

/// Serves these routes.
func withRoutes<Value: Sendable>(
  _ routes: [Route], limits: Limits = Limits(), log: RequestLog = .silent,
  _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> Value {
  let server = WebServer(routes: routes, password: password, name: testName, limits: limits, log: log)
  return try await withServer(server, body)
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

/// The text of an error.
func errorText(_ response: WireResponse) throws -> String {
  try #require(try JSONDecoder().decode([String: String].self, from: Data(response.body))["error"])
}
