import DrydockTestSupport
import Foundation
import Testing

/// New native data that was made beforehand, by a short process after `up`.
@Suite(.nativeEngines) struct SpareTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
    services:
      web: { image: web, resources: [mydb, legacy] }
    """
  private static let word = "taking what was made beforehand"

  private struct Entry: Decodable {
    var kind: String
    var name: String
    var state: String
    var path: String
  }

  private func spares(_ app: AppFixture) async throws -> [Entry] {
    let result = try await app.drydock("cache", "--format", "json")
    try #require(result.status == 0, "\(result)")
    return try JSONDecoder().decode([Entry].self, from: Data(result.stdout.utf8)).filter {
      $0.kind == "spare"
    }
  }

  /// Waits until whoever makes spares is gone and there is one for each engine with data of its own.
  private func waitForSpares(_ app: AppFixture, _ count: Int = 2) async throws {
    // On a busy machine it may be ended before it can say anything itself.
    let record = app.home.appending(path: "spares/process/engine.status").path
    try await eventually("who makes spares") { FileManager.default.fileExists(atPath: record) }
    try await eventually("the end of who makes spares", within: .seconds(240)) {
      app.processes(naming: "spares").isEmpty
    }
    #expect(making(app).isEmpty)
    try await completeSpares(app, count)
  }

  /// On a busy machine their time was too short, and they would be tried again only in a while.
  private func completeSpares(_ app: AppFixture, _ count: Int = 2) async throws {
    try await eventually("\(count) spares", within: .seconds(240)) {
      if try await spares(app).filter({ $0.state == "ready" }).count == count { return true }
      try forgetFailures(app)
      let maker = try await app.drydock("cache", "warm", "--spares")
      #expect(maker.status == 0, "\(maker)")
      return false
    }
  }

  /// What could not be made, or was killed, is tried again.
  private func forgetFailures(_ app: AppFixture) throws {
    let cache = app.root.appending(path: "cache")
    for path in try FileManager.default.subpathsOfDirectory(atPath: cache.path)
    where path.hasSuffix("/no-spare") {
      try FileManager.default.removeItem(at: cache.appending(path: path))
    }
  }

  /// What is half made; a folder with no more than a lock, of one that was killed before it had a guard, does not count.
  private func making(_ app: AppFixture) -> [String] {
    let folder = app.home.appending(path: "engines-spares/making").path
    return ((try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.contains("/") && !$0.hasSuffix("lock") }
  }

  private func withTemplates(
    _ manifest: String = manifest, spares: String = "", _ body: @Sendable (AppFixture) async throws -> Void
  ) async throws {
    let options = AppOptions(runtime: "native", environment: ["DRYDOCK_SPARES": spares])
    try await withApp(manifest, options) { app in
      let warm = try await app.drydock("cache", "warm")
      try #require(warm.status == 0, "\(warm)")
      try await body(app)
    }
  }

  @Test("What was made beforehand is taken once, is the app's own, and is made anew")
  func life() async throws {
    try await withTemplates { app in
      // Nobody knows yet of what durable data is made.
      #expect(try await spares(app).isEmpty)
      let first = try await app.drydock("up")
      try #require(first.status == 0 && first.stderr.contains("mydb  copying"), "\(first)")
      try await waitForSpares(app)

      // Two want the same ones at once.
      let others = try [
        app.sibling("second", manifest: Self.manifest), app.sibling("third", manifest: Self.manifest),
      ]
      // Neither has new ones made, which the other could take.
      let only = ["DRYDOCK_SPARES": "0"]
      async let one = others[0].drydock("up", environment: only)
      async let two = others[1].drydock("up", environment: only)
      let results = try await [one, two]
      for result in results { try #require(result.status == 0, "\(result)") }
      for name in ["mydb", "legacy"] {
        #expect(results.filter { $0.stderr.contains("\(name)  \(Self.word)") }.count == 1, "\(results)")
      }
      let apps = [app] + others
      for name in ["MYDB", "LEGACY"] {
        var (passwords, words): (Set<String>, Set<String>) = ([], [])
        for (number, app) in apps.enumerated() {
          let variables = try await app.variables()
          passwords.insert(try #require(variables["\(name)_PASS"]))
          let url = try #require(variables["\(name)_URL"])
          try await app.query("CREATE TABLE own AS SELECT \(number) AS number", at: url)
          words.insert(try await app.query("SELECT number FROM own", at: url))
        }
        #expect(passwords.count == 3 && words == ["0", "1", "2"])
      }
      try await app.up()
      try await waitForSpares(app)

      let prune = try await app.drydock("cache", "prune")
      #expect(prune.status == 0 && prune.stdout.contains("removed spare postgres"), "\(prune)")
      #expect(try await spares(app).isEmpty)
    }
  }

  @Test("Each server that was made of a spare has an identity of its own")
  func identities() async throws {
    try await withTemplates(Manifests.mariadb) { app in
      try await app.up()
      try await waitForSpares(app, 1)
      let second = try app.sibling("second", manifest: Manifests.mariadb)
      let result = try await second.drydock("up")
      try #require(result.stderr.contains(Self.word), "\(result)")
      for variable in ["@@server_id", "@@report_host", "@@datadir"] {
        var values: Set<String> = []
        for app in [app, second] {
          let url = try #require(try await app.variables()["LEGACY_URL"])
          values.insert(try await app.query("SELECT \(variable)", at: url))
        }
        #expect(values.count == 2, "\(variable)")
      }
    }
  }

  @Test(
    "Nothing is made in continuous integration, nor where nobody wants it",
    arguments: ["CI", "DRYDOCK_SPARES"])
  func off(_ variable: String) async throws {
    try await withTemplates(Manifests.postgres) { app in
      try await app.up(environment: [variable: variable == "CI" ? "true" : "0"])
      #expect(!FileManager.default.fileExists(atPath: app.home.appending(path: "spares").path))
      #expect(app.processes(naming: "spares").isEmpty)
    }
  }

  @Test("A spare that was changed is dropped, and data is copied as ever")
  func damaged() async throws {
    try await withTemplates(Manifests.postgres) { app in
      try await app.up()
      try await waitForSpares(app, 1)
      let spare = try #require(try await spares(app).first)
      #expect(truncate("\(spare.path)/ready/data/global/pg_control", 100) == 0)
      let second = try app.sibling("second", manifest: Manifests.postgres)
      let result = try await second.drydock("up")
      try #require(result.status == 0 && result.stderr.contains("mydb  copying"), "\(result)")
      let url = try #require(try await second.variables()["MYDB_URL"])
      #expect(try await second.query("SELECT 1", at: url) == "1")
      try await waitForSpares(app, 1)
    }
  }

  @Test("kill -9 while spares are made or taken, ten times: nothing half-made is used, nothing is left")
  func killed() async throws {
    let rounds = ProcessInfo.processInfo.environment["DRYDOCK_CHAOS_ROUNDS"].flatMap { Int($0) } ?? 10
    try await withTemplates { app in
      try await app.up(environment: ["DRYDOCK_SPARES": "0"])
      try await app.query(
        "CREATE TABLE kept AS SELECT 42 AS answer", at: #require(app.variables()["MYDB_URL"]))
      for round in 0..<rounds {
        try forgetFailures(app)
        // Moments in which a folder is made, filled and put into its place, and some in which all is done.
        let maker = try app.start(["cache", "warm", "--spares"])
        try await Task.sleep(for: .milliseconds(Int.random(in: 0..<600)))
        maker.send(SIGKILL)
        _ = try await maker.result()
        try await eventually("nothing is left of it") {
          making(app).isEmpty && app.processes(naming: "spares").isEmpty
        }
        #expect(try await spares(app).allSatisfy { $0.state == "ready" })

        let other = try app.sibling("other-\(round)", manifest: Self.manifest)
        let up = try other.start(["up"], environment: ["DRYDOCK_SPARES": "0"])
        try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400)))
        up.send(SIGKILL)
        _ = try await up.result()
        try await other.up(environment: ["DRYDOCK_SPARES": "0"])
        let variables = try await other.variables()
        for name in ["MYDB", "LEGACY"] {
          #expect(try await other.query("SELECT 1", at: #require(variables["\(name)_URL"])) == "1")
        }
        let down = try await other.drydock("down", "--delete-data", "--yes")
        #expect(down.status == 0, "\(down)")
      }
      try await completeSpares(app)
      // What was not guarded yet the next one has removed.
      let folders = app.home.appending(path: "engines-spares/making").path
      #expect(try FileManager.default.contentsOfDirectory(atPath: folders).isEmpty)
      let url = try #require(try await app.variables()["MYDB_URL"])
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
    }
  }
}
