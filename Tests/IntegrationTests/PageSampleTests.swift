import DrydockTestSupport
import Foundation
import Testing

/// The examples of Convox's resource page, unchanged, on both runtimes.
@Suite struct PageSampleTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "samples")

  /// Brings a sample up, compares its variables with what it expects, and goes on with it.
  private static func with(
    _ name: String, _ runtime: String, settings: [String] = [],
    _ body: @Sendable (AppFixture) async throws -> Void
  ) async throws {
    let source = folder.appending(path: name)
    let manifest = try String(contentsOf: source.appending(path: "convox.yml"), encoding: .utf8)
    try await withApp(manifest, AppOptions(runtime: runtime, name: name)) { app in
      for setting in settings { try await set(app, setting) }
      try await app.up()
      let text = try String(contentsOf: source.appending(path: "expected.env"), encoding: .utf8)
      var expected = ExpectedVariables(text)
      #expect(expected.services.keys.sorted() == ["web"])
      #expect(expected.compare("web", try await app.variables("web")) == [])
      try await body(app)
    }
  }

  private static func set(_ app: AppFixture, _ setting: String) async throws {
    let result = try await app.drydock("env", "set", setting)
    try #require(result.status == 0, "\(result)")
  }

  @Test(
    "read-replica: what is written at one URL is read at the other",
    arguments: await EngineAvailability.runtimes())
  func readReplica(_ runtime: String) async throws {
    try await Self.with("read-replica", runtime) { app in
      let variables = try await app.variables("web")
      let source = try #require(variables["PRIMARY_DB_URL"])
      let replica = try #require(variables["READ_REPLICA_URL"])
      try await app.query("CREATE TABLE notes AS SELECT 42 AS answer", at: source)
      try await eventually("the row on the replica") {
        try await app.sql("SELECT answer FROM notes", at: replica).stdout == "42\n"
      }
      #expect(try await app.sql("INSERT INTO notes VALUES (43)", at: replica).status != 0)
    }
  }

  @Test(
    "shared-volume: the directory is at /app/dir, and only for the command", .mounts,
    arguments: await EngineAvailability.runtimes())
  func sharedVolume(_ runtime: String) async throws {
    let host = FileManager.default.fileExists(atPath: "/app/dir")
    try await Self.with("shared-volume", runtime) { app in
      for visits in 1...2 {
        let line = "echo visit >>/app/dir/visits && grep -c visit /app/dir/visits"
        let result = try await app.drydock("run", "web", "--", "sh", "-c", line)
        #expect(result.status == 0 && result.stdout == "\(visits)\n", "\(result)")
      }
      let directory = try #require(try await app.ps()["sharedvolume"]?.directory)
      #expect(directory.hasSuffix("/root-directory"))
      #expect(FileManager.default.fileExists(atPath: "/app/dir") == host)
    }
  }

  @Test(
    "dynamic-configuration: the storage follows the app's environment, and never shrinks",
    arguments: await EngineAvailability.runtimes())
  func dynamicConfiguration(_ runtime: String) async throws {
    try await Self.with("dynamic-configuration", runtime, settings: ["POSTGRES_STORAGE_SIZE=50"]) { app in
      try await Self.set(app, "POSTGRES_STORAGE_SIZE=200")
      let plan = try await app.drydock("up", "--dry-run")
      #expect(plan.status == 0 && plan.stdout.contains("storage 50 → 200"), "\(plan)")
      try await app.up()
      try await Self.set(app, "POSTGRES_STORAGE_SIZE=20")
      let refused = try await app.drydock("up")
      #expect(refused.status == 78, "\(refused)")
      #expect(refused.stderr.contains("200") && refused.stderr.contains("20"), "\(refused)")
      #expect(try await app.ps()["mydb"]?.status == "running")
    }
  }
}
