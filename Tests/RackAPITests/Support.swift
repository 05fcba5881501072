import DrydockTestSupport
import Emulator
import Engines
import Foundation
import Testing

@testable import AppState
@testable import LocalServer
@testable import RackAPI
@testable import Resources

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

/// Serves these routes.
func withRoutes<Value: Sendable>(
  _ routes: [Route], limits: Limits = Limits(), log: RequestLog = .silent,
  _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> Value {
  let server = WebServer(routes: routes, password: password, name: Rack.name, limits: limits, log: log)
  return try await withServer(server, body)
}

/// A home of its own, which is removed afterwards.
func withContext<Value: Sendable>(
  _ body: (DrydockContext) async throws -> Value
) async throws -> Value {
  let path = FileManager.default.temporaryDirectory.path + "/drydock-rack-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  let home = StateHome(root: "\(path)/home", engines: "\(path)/engines", sockets: "\(path)/sockets")
  let environment = ["PATH": "/usr/bin:/bin", "DRYDOCK_RUNTIME": "native"]
  return try await body(
    DrydockContext(environment: environment, currentDirectory: path, home: home, catalog: .builtIn))
}

/// Serves a rack over a home of its own, which is removed afterwards.
func withRack<Value: Sendable>(
  limits: Limits = Limits(), hasConsoles: Bool = true,
  _ body: @escaping @Sendable (Int, DrydockContext) async throws -> Value
) async throws -> Value {
  try await withContext { context in
    let rack = Rack(context: context, log: .silent, hasConsoles: hasConsoles)
    return try await withServer(rack.server(password: password, limits: limits)) { port in
      try await body(port, context)
    }
  }
}

extension RequestLog {
  static let silent = RequestLog { _ in }
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

extension WireResponse {
  func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(body))
  }
}
