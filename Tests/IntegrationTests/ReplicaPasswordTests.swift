import DrydockTestSupport
import Foundation
import Testing

/// A new password where there are replicas, which have their sources' accounts.
@Suite struct ReplicaPasswordTests {
  @Test("A new password reaches replicas by their sources", arguments: await EngineAvailability.runtimes())
  func password(_ runtime: String) async throws {
    let sources = ["pg", "maria", "my"]
    try await withApp(ReplicaApp.manifest(sources, .replicas), AppOptions(runtime: runtime)) { app in
      let life = ReplicaApp(app: app, sources: sources)
      try await app.up()
      let before = try await life.urls()
      let set = try await app.drydock("params", "set", "ResourcePassword=another-password")
      #expect(set.status == 0, "\(set)")
      let after = try await life.urls()
      for (name, url) in after {
        #expect(url.contains(":another-password@"))
        try await eventually("\(name) to take the new password") {
          try await app.sql("SELECT 1", at: url).status == 0
        }
        #expect(try await app.sql("SELECT 1", at: try #require(before[name])).status != 0, "\(name)")
      }
      let steps = try await app.up()
      #expect(steps.values.allSatisfy { $0.action == "verify" })
      try await life.write("CREATE TABLE notes (id int PRIMARY KEY)", after)
      try await life.replicasHave(0, after)

      #expect(try await app.drydock("down", "my").status == 0)
      let refused = try await app.drydock("params", "set", "ResourcePassword=a-third-password")
      #expect(
        refused.status == 1 && refused.stderr.contains("my has replicas and does not run"), "\(refused)")
      #expect(try await life.urls() == after)
    }
  }
}
