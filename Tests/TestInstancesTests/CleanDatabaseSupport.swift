import ConvoxEnvironment
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import Synchronization

@testable import TestInstances

/// A server whose databases are names.
final class NamedCopies: DatabaseCopies {
  struct State {
    var databases: Set<String> = ["app"]
    var copied: [String] = []
    var used: Set<String> = []
    var isBroken = false
  }

  struct Broken: Error {}

  let state = Mutex(State())

  var databases: Set<String> { state.withLock { $0.databases } }

  private func add(_ name: String) throws {
    try state.withLock { state in
      guard !state.isBroken, state.databases.insert(name).inserted else { throw Broken() }
    }
  }

  func create(_ name: String, until deadline: Deadline) async throws { try add(name) }

  func close(_ name: String, until deadline: Deadline) async throws {}

  func copier(of origin: String, until deadline: Deadline) async throws -> DatabaseCopier {
    { name, _ in
      await Task.yield()
      try self.add(name)
      self.state.withLock { $0.copied.append("\(origin) to \(name)") }
    }
  }

  func drop(_ name: String, until deadline: Deadline) async throws {
    state.withLock { _ = $0.databases.remove(name) }
  }

  func isInUse(_ name: String, until deadline: Deadline) async throws -> Bool {
    state.withLock { $0.used.contains(name) }
  }

  func databases(beginningWith prefix: String, until deadline: Deadline) async throws -> [String] {
    databases.filter { $0.hasPrefix(prefix) }
  }

  func isBusy(with text: String, until deadline: Deadline) async throws -> Bool { false }
}

/// Clean databases on the wire.
struct WiredDatabases: Sendable {
  let copies: NamedCopies
  let port: Int

  static let key = "secret"
  static let endpoint = ResourceEndpoint(
    resource: "mydb", shape: .database(scheme: "postgres"), port: 5432, password: "pw")

  static func serving<Value: Sendable>(
    limits: DatabasePool.Limits = .small, needsTLS: Bool = false,
    _ body: @escaping @Sendable (WiredDatabases) async throws -> Value
  ) async throws -> Value {
    let copies = NamedCopies()
    let server = CleanDatabaseServer(copies, endpoint, needsTLS: needsTLS, key: key, limits: limits)
    let (urls, continuation) = AsyncStream.makeStream(of: String.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { continuation.finish() }
        try await server.run { continuation.yield($0) }
      }
      var iterator = urls.makeAsyncIterator()
      guard let url = await iterator.next(), let port = URLComponents(string: url)?.port else {
        throw FixtureError("it does not listen")
      }
      let value = try await body(WiredDatabases(copies: copies, port: port))
      group.cancelAll()
      try await group.waitForAll()
      return value
    }
  }

  /// One request behind `/KEY/api`.
  func ask(
    _ method: String, _ path: String, _ body: String = "", type: String = "application/json",
    names: String? = nil, key: String = Self.key
  ) async throws -> WireResponse {
    let names = names ?? "Host: 127.0.0.1:\(port)\r\n"
    let request = """
      \(method) /\(key)/api\(path) HTTP/1.1\r\n\(names)Connection: close\r\nContent-Type: \(type)\r\n\
      Content-Length: \(body.utf8.count)\r\n\r\n\(body)
      """
    return try await Wire.connect(port: port) { wire in
      try await wire.send(request)
      guard let response = try await wire.response() else { throw FixtureError("no response") }
      return response
    }
  }

  /// A finalized template.
  func template(_ hash: String) async throws {
    _ = try await ask("POST", "/v1/templates", #"{"hash":"\#(hash)"}"#)
    _ = try await ask("PUT", "/v1/templates/\(hash)")
  }

  /// A database of it: its number and its name.
  func take(_ hash: String) async throws -> (id: Int, name: String) {
    struct Answer: Decodable {
      struct Database: Decodable {
        struct Config: Decodable { var database: String }
        var config: Config
      }
      var id: Int
      var database: Database
    }
    let response = try await ask("GET", "/v1/templates/\(hash)/tests")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(response.body))
    return (answer.id, answer.database.config.database)
  }
}

extension DatabasePool.Limits {
  static let small = DatabasePool.Limits(
    warm: 2, parallel: 2, taken: 4, rest: .zero, patience: .seconds(30))
}
