import DrydockTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import TestInstances

@Suite("A clean database for each test, as IntegreSQL gives it")
struct CleanDatabaseTests {
  @Test("The routes, byte for byte")
  func routes() async throws {
    try await WiredDatabases.serving { server in
      func says(
        _ status: Int, _ body: String, _ method: String, _ path: String, _ sent: String = "",
        sourceLocation: Testing.SourceLocation = #_sourceLocation
      ) async throws {
        let response = try await server.ask(method, path, sent)
        #expect(response.status == status, sourceLocation: sourceLocation)
        #expect(response.text == body, sourceLocation: sourceLocation)
      }
      let config = #""host":"127.0.0.1","password":"pw","port":5432,"username":"app"}"#
      try await says(
        200,
        #"{"database":{"config":{"database":"integresql_template_h1",\#(config),"templateHash":"h1"}}"#
          + "\n",
        "POST", "/v1/templates", #"{"hash":"h1"}"#)
      let locked = #"{"message":"template is already initialized"}"# + "\n"
      try await says(423, locked, "POST", "/v1/templates", #"{"hash":"h1"}"#)
      try await says(204, "", "PUT", "/v1/templates/h1")
      try await says(204, "", "PUT", "/v1/templates/h1")
      try await says(423, locked, "POST", "/v1/templates", #"{"hash":"h1"}"#)
      try await says(
        200,
        #"{"database":{"config":{"database":"integresql_test_h1_0",\#(config),"templateHash":"h1"},"id":0}"#
          + "\n", "GET", "/v1/templates/h1/tests")
      try await says(204, "", "POST", "/v1/templates/h1/tests/0/unlock")
      try await says(204, "", "DELETE", "/v1/templates/h1/tests/0")
      try await says(204, "", "POST", "/v1/templates/h1/tests/0/recreate")
      let missing = #"{"message":"template not found"}"# + "\n"
      try await says(404, missing, "PUT", "/v1/templates/none")
      try await says(404, missing, "GET", "/v1/templates/none/tests")
      try await says(404, missing, "DELETE", "/v1/templates/none")
      try await says(404, missing, "POST", "/v1/templates/none/tests/0/unlock")
      let unknown = #"{"message":"test database not found"}"# + "\n"
      try await says(404, unknown, "POST", "/v1/templates/h1/tests/99/recreate")
      try await says(404, unknown, "DELETE", "/v1/templates/h1/tests/99")
      try await says(
        400, #"{"message":"invalid test database ID"}"# + "\n", "DELETE", "/v1/templates/h1/tests/x")
      try await says(400, #"{"message":"hash is required"}"# + "\n", "POST", "/v1/templates", "{}")
      try await says(400, #"{"message":"hash is required"}"# + "\n", "POST", "/v1/templates")
      try await says(204, "", "DELETE", "/v1/templates/h1/")
      try await says(404, missing, "GET", "/v1/templates/h1/tests")
      try await says(204, "", "DELETE", "/v1/admin/templates")
    }
  }

  @Test("A form is taken as JSON is, and a server that wants TLS says so")
  func bodies() async throws {
    try await WiredDatabases.serving(needsTLS: true) { server in
      let response = try await server.ask(
        "POST", "/v1/templates", "hash=a%20b", type: "application/x-www-form-urlencoded")
      #expect(response.status == 200)
      #expect(response.text.contains(#""templateHash":"a b""#))
      #expect(response.text.contains(#""additionalParams":{"sslmode":"require"}"#))
      #expect(try await server.ask("POST", "/v1/templates", "{").status == 400)
    }
  }

  @Test(
    "Other hosts, pages of other origins and those without the secret get nothing",
    arguments: [
      ("Host: example.com\r\n", "secret", 403), ("", "secret", 403),
      ("Host: 127.0.0.1\r\nOrigin: http://localhost:1\r\n", "secret", 403),
      ("Host: 127.0.0.1\r\n", "guess", 404),
    ])
  func guards(_ names: String, _ key: String, _ status: Int) async throws {
    try await WiredDatabases.serving { server in
      let response = try await server.ask(
        "POST", "/v1/templates", #"{"hash":"h"}"#, names: names, key: key)
      #expect(response.status == status)
      #expect(server.copies.databases == ["app"])
    }
  }

  @Test("Many clients at once never get the same database, and each is a copy")
  func neverTheSame() async throws {
    try await WiredDatabases.serving { server in
      try await server.template("h")
      let names = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<20 { group.addTask { try await server.take("h").name } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(names).count == 20)
      #expect(server.copies.databases.isSuperset(of: names) || server.copies.databases.count > 4)
    }
  }

  @Test("What is given back unchanged is given on; what was changed goes, and its number does not come again")
  func givenBack() async throws {
    try await WiredDatabases.serving { server in
      try await server.template("h")
      let first = try await server.take("h")
      _ = try await server.ask("POST", "/v1/templates/h/tests/\(first.id)/recreate")
      try await eventually("its end") { !server.copies.databases.contains(first.name) }
      var later: [String] = []
      for _ in 0..<6 { later.append(try await server.take("h").name) }
      #expect(!later.contains(first.name))
      #expect(Set(later).count == 6)
      let last = try await server.take("h")
      _ = try await server.ask("DELETE", "/v1/templates/h/tests/\(last.id)")
      var next: [String] = []
      for _ in 0..<4 { next.append(try await server.take("h").name) }
      #expect(next.contains(last.name))
    }
  }

  @Test("What clients left without a word is removed where many are out, unless somebody is in it")
  func recycled() async throws {
    try await WiredDatabases.serving { server in
      try await server.template("h")
      let used = try await server.take("h").name
      server.copies.state.withLock { _ = $0.used.insert(used) }
      for _ in 0..<12 { _ = try await server.take("h") }
      try await eventually("the removal") { server.copies.databases.count < 12 }
      #expect(server.copies.databases.contains(used))
    }
  }

  @Test("Who waits for a template that is discarded is told so; the pool keeps a few ready, and no more")
  func discarded() async throws {
    try await WiredDatabases.serving { server in
      _ = try await server.ask("POST", "/v1/templates", #"{"hash":"h"}"#)
      async let waiting = server.ask("GET", "/v1/templates/h/tests")
      // It may come before or behind; both are answers that say why.
      _ = try await server.ask("DELETE", "/v1/templates/h")
      #expect([404, 410].contains(try await waiting.status))
      try await server.template("i")
      _ = try await server.take("i")
      try await eventually("the warm ones") {
        server.copies.databases.count { $0.hasPrefix("integresql_test_i") } == 3
      }
    }
  }

  @Test("A failure is answered, and the next request tries again")
  func failing() async throws {
    try await WiredDatabases.serving { server in
      try await server.template("h")
      for _ in 0..<2 { _ = try await server.take("h") }
      try await eventually("the warm ones") { server.copies.databases.count == 6 }
      for _ in 0..<2 {
        server.copies.state.withLock { $0.isBroken = true }
        _ = try await server.take("h")
      }
      #expect(try await server.ask("GET", "/v1/templates/h/tests").status == 500)
      server.copies.state.withLock { $0.isBroken = false }
      #expect(try await server.ask("GET", "/v1/templates/h/tests").status == 200)
    }
  }

  @Test("A shell gets copies of the app's database as it was at the first one")
  func clones() async throws {
    try await WiredDatabases.serving { server in
      let client = try CleanDatabaseClient(
        "mydb", environment: ["MYDB_INTEGRESQL_URL": "http://127.0.0.1:\(server.port)/secret/api"])
      let one = try await client.url(of: nil, until: .after(.seconds(30)))
      let two = try await client.url(of: nil, until: .after(.seconds(30)))
      #expect(one.hasPrefix("postgres://app:pw@127.0.0.1:5432/integresql_test_app_"))
      #expect(one != two)
      #expect(server.copies.state.withLock { $0.copied.count { $0.hasPrefix("app to ") } } == 1)
      await #expect(throws: (any Error).self) {
        try await client.url(of: "none", until: .after(.seconds(30)))
      }
      #expect(throws: (any Error).self) { try CleanDatabaseClient("other", environment: [:]) }
    }
  }
}
