import DrydockTestSupport
import Foundation
import Testing

/// Which app is which, and commands that run at the same time.
@Suite struct InstanceTests {
  @Test(
    "Two runs of up for one app start everything once", arguments: await EngineAvailability.runtimes())
  func twoRunsOfOneApp(_ runtime: String) async throws {
    try await withApp(Manifests.small, AppOptions(runtime: runtime)) { app in
      let runs = try (0..<2).map { _ in try app.start(["up", "--format", "json"]) }
      var actions: [[String]] = []
      for run in runs {
        let result = try await run.result()
        try #require(result.status == 0, "\(result)")
        actions.append(try result.decode([Step].self).map(\.action))
      }
      #expect(Set(actions) == [Array(repeating: "create", count: 3), Array(repeating: "verify", count: 3)])
      #expect(try await app.ps().values.allSatisfy { $0.status == "running" })
      #expect(app.instances.count == 1)
    }
  }

  @Test("Two apps that come up at once get ports of their own", .nativeEngines)
  func twoApps() async throws {
    try await withApp(Manifests.small, AppOptions(runtime: "native")) { app in
      let other = try app.sibling("other", manifest: Manifests.small)
      let runs = [try app.start(["up"]), try other.start(["up"])]
      for run in runs {
        let result = try await run.result()
        #expect(result.status == 0, "\(result)")
      }
      let ports = try await app.ps().values.compactMap(\.port) + other.ps().values.compactMap(\.port)
      #expect(Set(ports).count == 6)
    }
  }

  @Test("A copy of the folder is an instance of its own, a moved folder stays the same", .nativeEngines)
  func copiesAndMoves() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try FileManager.default.createDirectory(
        at: app.folder.appending(path: ".convox"), withIntermediateDirectories: true)
      try app.write("shop\n", to: ".convox/app")
      try await app.up()
      let first = try #require(try await app.ps()["cache"])
      try await app.redis("SET", "key", "first", port: try #require(first.port))
      let copy = app.inFolder(app.root.appending(path: "worktree"))
      try FileManager.default.copyItem(at: app.folder, to: copy.folder)
      #expect(try await copy.ps().isEmpty, "it has not had an up of its own")
      try await copy.up()
      let second = try #require(try await copy.ps()["cache"])
      #expect(second.port != first.port && second.pid != first.pid)
      #expect(try await app.redis("GET", "key", port: try #require(second.port)) == "")
      #expect(first.app == "shop" && second.app.hasPrefix("shop-"), "handles are unique")
      #expect(app.instances.count == 2)
      let moved = app.inFolder(app.root.appending(path: "elsewhere"))
      try FileManager.default.moveItem(at: app.folder, to: moved.folder)
      #expect(try await moved.ps()["cache"] == first)
      let steps = try await moved.up()
      #expect(steps["cache"]?.action == "verify")
    }
  }

  @Test("ps, logs and down work without a manifest, and without the folder", .nativeEngines)
  func withoutManifest() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", name: "shop")) { app in
      try await app.up()
      try app.write(manifest: "resources: [broken")
      #expect(try await app.ps()["cache"]?.status == "running")
      try FileManager.default.removeItem(at: app.folder.appending(path: "convox.yml"))
      #expect(try await app.ps()["cache"]?.status == "running")
      try FileManager.default.removeItem(at: app.folder)
      let outside = app.inFolder(app.root)
      #expect(try await outside.ps("--app", "shop")["cache"]?.status == "running")
      let logs = try await outside.drydock("logs", "--app", "shop")
      #expect(logs.status == 0 && logs.stdout.contains("cache | "), "\(logs)")
      let down = try await outside.drydock("down", "--app", "shop")
      #expect(down.status == 0 && down.stdout.contains("stopped"), "\(down)")
      #expect(try await outside.ps("--app", "shop")["cache"]?.status == "stopped")
      let unknown = try await outside.drydock("ps", "--app", "shp")
      #expect(unknown.status == 64 && unknown.stderr.contains("shop"), "\(unknown)")
    }
  }

  @Test("prune lists what belongs to folders that are gone, and removes it when told", .nativeEngines)
  func prune() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", name: "gone")) { app in
      let stays = try app.sibling("stays", manifest: Manifests.redis)
      try await app.up()
      try await stays.up()
      try FileManager.default.removeItem(at: app.folder)
      let list = try await stays.drydock("prune")
      #expect(list.status == 0 && list.stdout.contains("gone"), "\(list)")
      #expect(!list.stdout.contains("stays"), "\(list)")
      #expect(app.instances.count == 2, "nothing is removed unasked")
      let prune = try await stays.drydock("prune", "--yes")
      #expect(prune.status == 0, "\(prune)")
      #expect(app.instances.count == 1)
      #expect(try await stays.ps()["cache"]?.status == "running")
      let again = try await stays.drydock("prune")
      #expect(again.status == 0 && again.stdout.isEmpty, "\(again)")
    }
  }

  @Test("prune leaves what cannot be seen, as on a disk that is not mounted")
  func pruneOfWhatIsHidden() async throws {
    try await withApp(MistakeTests.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let disk = app.root.appending(path: "disk")
      let hidden = app.inFolder(disk.appending(path: "hidden"))
      try FileManager.default.createDirectory(at: hidden.folder, withIntermediateDirectories: true)
      try hidden.write(manifest: MistakeTests.manifest)
      try await hidden.up()
      let aside = app.root.appending(path: "aside")
      try FileManager.default.moveItem(at: disk, to: aside)
      try FileManager.default.createSymbolicLink(
        atPath: disk.path(percentEncoded: false), withDestinationPath: "/nowhere")
      for words in [["prune", "--yes"], ["up", "--app", "hidden"], ["adopt", "hidden"]] {
        let result = try await app.start(words).result()
        #expect(result.status == 1 && result.stderr.contains("cannot be told"), "\(words): \(result)")
      }
      #expect(app.instances.count == 1)
      try FileManager.default.removeItem(at: disk)
      try FileManager.default.moveItem(at: aside, to: disk)
      #expect(try await hidden.ps()["files"]?.app == "hidden")
    }
  }
}
