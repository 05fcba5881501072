import DrydockTestSupport
import Foundation
import Testing

/// New native data that is a copy of what was initialised before.
@Suite struct TemplateTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
    services:
      web: { image: web, resources: [mydb, legacy] }
    """

  /// Apps that come up one after the other; the second leaves templates behind.
  private func withTwoApps(_ body: @Sendable (AppFixture, AppFixture) async throws -> Void) async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native")) { app in
      let first = try await app.drydock("up")
      try #require(first.status == 0 && !first.stderr.contains("copying"), "\(first)")
      let second = try app.sibling("second", manifest: Self.manifest)
      try await second.up()
      try await body(app, second)
    }
  }

  @Test("A copy is the app's own, with secrets of its own", .nativeEngines)
  func copies() async throws {
    try await withTwoApps { first, second in
      let third = try first.sibling("third", manifest: Self.manifest)
      let result = try await third.drydock("up")
      try #require(result.status == 0, "\(result)")
      for name in ["mydb", "legacy"] { #expect(result.stderr.contains("\(name)  copying"), "\(result)") }
      let apps = try await [first, second, third].asyncMap { try await $0.variables() }
      for name in ["MYDB", "LEGACY"] {
        #expect(Set(apps.compactMap { $0["\(name)_PASS"] }).count == 3)
        let url = try #require(apps[2]["\(name)_URL"])
        try await third.query("CREATE TABLE own (word varchar(20))", at: url)
        try await third.query("INSERT INTO own VALUES ('third')", at: url)
        #expect(try await third.query("SELECT word FROM own", at: url) == "third")
        let elsewhere = try await second.sql("SELECT word FROM own", at: #require(apps[1]["\(name)_URL"]))
        #expect(elsewhere.status != 0, "\(elsewhere)")
      }
      let url = try #require(apps[2]["MYDB_URL"])
      let rights = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'app'"
      #expect(try await third.query(rights, at: url) == "f|t|t")
      try await expectNoWayInWithoutPassword(third, port: #require(apps[2]["MYDB_PORT"]))
    }
  }

  /// Nobody had a password while the template was made.
  private func expectNoWayInWithoutPassword(_ app: AppFixture, port: String) async throws {
    for user in ["drydock", "app", "postgres"] {
      for host in ["127.0.0.1", try app.onlySocketFolder("mydb")] {
        let login = try await app.start(
          ["psql", "--no-password", "-h", host, "-p", port, "-U", user, "-d", "postgres", "-c", "SELECT 1"],
          tool: true
        ).result()
        #expect(login.status != 0, "\(user) at \(host): \(login)")
      }
    }
  }

  @Test("Two resources of one kind are initialised once, in the very first up", .nativeEngines)
  func twins() async throws {
    let manifest = """
      resources:
        one: { type: mariadb, options: { version: "10.11" } }
        two: { type: mariadb, options: { version: "10.11" } }
      services:
        web: { image: web, resources: [one, two] }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      let result = try await app.drydock("up")
      try #require(result.status == 0, "\(result)")
      #expect(result.stderr.components(separatedBy: "  copying").count == 2, "\(result)")
      let variables = try await app.variables()
      for name in ["ONE_URL", "TWO_URL"] {
        #expect(try await app.query("SELECT 1", at: #require(variables[name])) == "1")
      }
    }
  }

  @Test("After kill -9 while data is copied the next up finishes the work", .nativeEngines)
  func killedWhileCopying() async throws {
    try await withTwoApps { first, _ in
      let third = try first.sibling("third", manifest: Self.manifest)
      let run = try third.start(["up"])
      try await eventually("copying") { run.stderr.contains("  copying") }
      run.send(SIGKILL)
      _ = try await run.result()
      try await third.up()
      let url = try #require(try await third.variables()["MYDB_URL"])
      #expect(try await third.query("SELECT 1", at: url) == "1")
    }
  }

  @Test("A template that is zeroed is noticed, made anew, and said", .nativeEngines)
  func broken() async throws {
    try await withTwoApps { first, _ in
      let cache = first.root.appending(path: "cache")
      let archives = try FileManager.default.subpathsOfDirectory(atPath: cache.path)
        .filter { $0.hasSuffix("/data.tar") }
      try #require(archives.count == 2)
      for archive in archives {
        let file = try FileHandle(forWritingTo: cache.appending(path: archive))
        let length = try file.seekToEnd()
        try file.truncate(atOffset: 0)
        try file.truncate(atOffset: length)
      }
      let third = try first.sibling("third", manifest: Self.manifest)
      let result = try await third.drydock("up")
      try #require(result.status == 0, "\(result)")
      for name in ["mydb", "legacy"] {
        #expect(result.stderr.contains("\(name)  what was kept of an earlier one is damaged"), "\(result)")
      }
      let url = try #require(try await third.variables()["LEGACY_URL"])
      #expect(try await third.query("SELECT 1", at: url) == "1")
    }
  }
}

extension AppFixture {
  /// Where the sockets of a resource of this app lie.
  fileprivate func onlySocketFolder(_ resource: String) throws -> String {
    let id = try #require(read(".drydock/id")).trimmingCharacters(in: .whitespacesAndNewlines)
    return home.appending(path: "engines/\(id)/\(resource)/sockets").path(percentEncoded: false)
  }
}

extension Sequence {
  /// What an asynchronous transformation makes of each element, one after the other.
  fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result]
  {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
