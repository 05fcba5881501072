import DrydockTestSupport
import Foundation
import Testing

/// Resources that have another name in the manifest by now, and those that it no longer has.
@Suite struct RenameTests {
  private static func manifest(_ name: String) -> String {
    """
    resources:
      \(name): { type: postgres, options: { version: "15" } }
    services:
      web: { image: web, resources: [\(name)] }
    """
  }

  @Test(
    "A removed resource can be started, exported and deleted; a renamed one keeps its data",
    arguments: await EngineAvailability.runtimes())
  func renamed(_ runtime: String) async throws {
    try await withApp(Self.manifest("old"), AppOptions(runtime: runtime)) { app in
      try await app.up()
      let url = try #require(try await app.variables()["OLD_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      try app.write(manifest: Self.manifest("new"))
      let plan = try await app.drydock("up", "--dry-run")
      #expect(plan.stderr.contains("drydock resources rename old new"), "\(plan)")
      // Whoever did not read that finds the same way by the commands' own words.
      try await app.up()
      try await expectRefusals(app)
      try await app.up("old")
      let export = try await app.drydock("resources", "export", "old")
      #expect(export.status == 0 && export.stdout.contains("42"), "\(export)")
      #expect(try await app.variables()["OLD_URL"] == nil)
      for words in [["down", "new", "--delete-data", "--yes"], ["resources", "rename", "old", "new"]] {
        let result = try await app.start(words).result()
        #expect(result.status == 0, "\(result)")
      }
      try await app.up()
      let renamed = try #require(try await app.variables()["NEW_URL"])
      #expect(try await app.query("SELECT answer FROM kept", at: renamed) == "42")
      // Another one of the old name gets data of its own, and takes none along when it goes.
      let both = Self.manifest("new").replacing(
        "services:", with: "  old: { type: postgres, options: { version: 15 } }\nservices:")
      try app.write(manifest: both)
      try await app.up()
      let second = try #require(try await app.variables()["OLD_URL"])
      #expect(try await app.sql("SELECT answer FROM kept", at: second).status != 0)
      #expect(try await app.drydock("down", "old", "--delete-data", "--yes").status == 0)
      #expect(try await app.query("SELECT answer FROM kept", at: renamed) == "42")
    }
  }

  private func expectRefusals(_ app: AppFixture) async throws {
    for (words, text) in [
      (["resources", "export", "old"], "start it: drydock up old"),
      (["resources", "rename", "old", "new"], "drydock down new --delete-data"),
      (["resources", "rename", "old", "newer"], "convox.yml names no resource newer"),
      (["resources", "delete", "old", "--yes"], "drydock down old --delete-data"),
      (["resources", "start", "old"], "drydock up old"),
    ] {
      let result = try await app.start(words).result()
      #expect(result.status != 0 && result.stderr.contains(text), "\(result)")
    }
  }
}
