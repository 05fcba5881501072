import DrydockTestSupport
import Foundation
import Testing

/// `drydock cache`: what is kept to start engines faster.
@Suite(.nativeEngines) struct CacheTests {
  private struct Entry: Decodable {
    var kind: String
    var name: String
    var version: String?
    var state: String
    var inUse: Bool
    var bytes: Int
    var path: String
  }

  private func templates(_ app: AppFixture) async throws -> [Entry] {
    let result = try await app.drydock("cache", "--format", "json")
    try #require(result.status == 0, "\(result)")
    return try JSONDecoder().decode([Entry].self, from: Data(result.stdout.utf8)).filter {
      $0.kind == "template"
    }
  }

  @Test(
    "A template is made beforehand, told of, mended where it is damaged, and removed unless somebody uses it")
  func life() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      async let one = app.drydock("cache", "warm")
      async let two = app.drydock("cache", "warm", "postgres", "15", "redis")
      for result in try await [one, two] { try #require(result.status == 0, "\(result)") }
      let first = try #require(try await templates(app).first)
      #expect(first.name == "postgres" && first.version?.isEmpty == false)
      #expect(first.state == "ready" && !first.inUse && first.bytes > 1 << 20)
      let up = try await app.drydock("up")
      #expect(up.status == 0 && up.stderr.contains("mydb  copying"), "\(up)")
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)

      #expect(truncate("\(first.path)/store/data.tar", 1024) == 0)
      #expect(try await templates(app).map(\.state) == ["damaged"])
      let mended = try await app.drydock("cache", "warm")
      #expect(mended.status == 0 && mended.stdout.contains("made"), "\(mended)")
      #expect(try await templates(app).map(\.state) == ["ready"])
      #expect(try await app.drydock("cache", "warm").stdout.contains("there already"))

      let holder = open("\(first.path)/in-use", O_RDONLY | O_CREAT, 0o600)
      #expect(holder >= 0 && flock(holder, LOCK_SH) == 0)
      let refused = try await app.drydock("cache", "prune")
      #expect(refused.status == 0 && refused.stderr.contains("in use"), "\(refused)")
      #expect(try await templates(app).map(\.inUse) == [true])
      close(holder)
      let pruned = try await app.drydock("cache", "prune")
      #expect(pruned.status == 0 && pruned.stdout.contains("removed template postgres"), "\(pruned)")
      #expect(try await templates(app).isEmpty)
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
    }
  }

  @Test("kill -9 while a template is made leaves nothing, and the next one is whole")
  func killed() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      let run = try app.start(["cache", "warm"])
      let parent = app.home.appending(path: "engines-tests").path
      func folders() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] }
      try await eventually("data that is being made", pause: .milliseconds(5)) {
        folders().contains { FileManager.default.fileExists(atPath: "\(parent)/\($0)/engines/\($0)") }
      }
      run.send(SIGKILL)
      _ = try await run.result()
      try await eventually("the end of it") { folders().isEmpty }
      #expect(try await app.drydock("cache", "warm").status == 0)
      #expect(try await templates(app).map(\.state) == ["ready"])
    }
  }
}
