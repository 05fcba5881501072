import DrydockTestSupport
import Foundation
import Testing

/// Whose data a folder gets, where what says so was lost or damaged.
@Suite struct IdentityTests {
  @Test("After git clean the app goes on; a clone of another app gets nothing of it", .nativeEngines)
  func clean() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", name: "shop")) { app in
      try await app.up()
      let before = try #require(try await app.ps()["cache"])
      try await app.redis("SET", "key", "kept", port: try #require(before.port))
      try FileManager.default.removeItem(at: app.folder.appending(path: ".drydock"))
      #expect(try await app.ps()["cache"]?.pid == before.pid)
      let again = try await app.drydock("up")
      #expect(again.status == 0 && again.stderr.contains("this folder is shop again"), "\(again)")
      #expect(try await app.ps()["cache"]?.pid == before.pid)
      let id = try #require(app.read(".drydock/id"))
      // A hostile clone: all that somebody else can know.
      let clone = try app.sibling("clone", manifest: Manifests.redis)
      try FileManager.default.removeItem(at: app.folder)
      try FileManager.default.createDirectory(
        at: clone.folder.appending(path: ".drydock"), withIntermediateDirectories: true)
      try clone.write(String(id.prefix(12)), to: ".drydock/id")
      #expect(try await clone.ps().isEmpty)
      let doubt = try await clone.drydock("env", "set", "A=b")
      #expect(doubt.status == 0 && doubt.stderr.contains("drydock adopt shop"), "\(doubt)")
      let list = try await clone.drydock("ps", "--all")
      #expect(list.stderr.contains("shop has no folder any more"), "\(list)")
      let adopt = try await clone.drydock("adopt", "shop")
      #expect(adopt.status == 0, "\(adopt)")
      let after = try #require(try await clone.ps()["cache"])
      #expect(after.pid == before.pid)
      #expect(try await clone.redis("GET", "key", port: try #require(after.port)) == "kept")
    }
  }

  @Test(
    "Where the state is damaged, ps and down find the engines, and prune gives them up when told",
    arguments: await EngineAvailability.runtimes())
  func damaged(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let file = app.home.appending(path: "instances/\(try app.onlyInstance())/state.json")
      try Data("{ \"format\": 1,".utf8).write(to: file)
      let ps = try await app.drydock("ps", "--format", "json")
      #expect(ps.status == 0 && ps.stderr.contains(file.path(percentEncoded: false)), "\(ps)")
      #expect(try ps.decode([Shown].self).map(\.status) == ["unhealthy"])
      let up = try await app.drydock("up")
      #expect(up.status == 78 && up.stderr.contains("drydock prune --damaged"), "\(up)")
      let delete = try await app.drydock("down", "--delete-data", "--yes")
      #expect(delete.status == 78, "\(delete)")
      let down = try await app.drydock("down")
      #expect(down.status == 0 && down.stderr.contains("cache stopped, data kept"), "\(down)")
      #expect(try await app.drydock("ps", "--all").stdout.contains("stopped"))
      let list = try await app.drydock("prune", "--damaged")
      #expect(list.status == 0 && list.stdout.contains("cache") && app.instances.count == 1, "\(list)")
      let prune = try await app.drydock("prune", "--damaged", "--yes")
      #expect(prune.status == 0 && app.instances.isEmpty, "\(prune)")
    }
  }

  private struct Shown: Decodable {
    var status: String
  }
}
