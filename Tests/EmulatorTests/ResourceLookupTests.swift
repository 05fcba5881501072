import AppStateTestSupport
import ConvoxEnvironment
import ConvoxManifest
import Engines
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Resources

/// Which resources there are, whose they are, and where they are reached.
@Suite struct ResourceLookupTests {
  private func lookup(_ test: TestHome, workspace: Workspace? = nil) -> ResourceLookup {
    let context = DrydockContext(
      environment: [:], currentDirectory: test.path, home: test.home, catalog: .builtIn)
    return ResourceLookup(context: context, workspace: workspace)
  }

  private func record(_ type: String, port: Int?) -> ResourceRecord {
    var record = ResourceRecord(type: type, administratorPassword: "x", wantedVersion: "", options: [:])
    record.port = port
    return record
  }

  /// An app with a manifest, saved.
  private func app(_ test: TestHome, _ manifest: String) throws -> InstanceState {
    try test.write(manifest, to: "web/convox.yml")
    var app = state(path: "\(test.path)/web")
    app.resources["mydb"] = record("postgres", port: 15001)
    app.resources["cache"] = record("redis", port: 15002)
    try test.store.save(app)
    return app
  }

  /// A resource that was created on its own, saved.
  @discardableResult
  private func create(
    _ test: TestHome, _ name: String, _ type: String, port: Int? = nil, parameters: [String: String] = [:],
    _ change: (inout CreatedResource) -> Void = { _ in }
  ) throws -> InstanceState {
    var made = state("id\(name)00000000", handle: name, path: "\(test.path)/\(name)")
    var created = CreatedResource(type: type, parameters: parameters)
    change(&created)
    made.created = created
    if let port { made.resources[name] = record(type, port: port) }
    try test.store.save(made)
    return made
  }

  private static let manifest = """
    resources:
      mydb: { type: postgres }
      files: { type: efs }
      cache: { type: redis }
      new: { type: memcached }
    """

  @Test func aManifestsResourcesComeInItsOrderAndWhatIsDeployedBesidesAfterThem() async throws {
    try await TestHome.with { test in
      var app = try app(test, Self.manifest)
      app.resources["left"] = record("memcached", port: 15003)
      app.resources["gone"] = record("redis", port: 15004)
      app.resources["gone"]?.isRemoved = true
      let targets = lookup(test).targets(app: app)
      #expect(targets.map(\.name) == ["mydb", "files", "cache", "new", "left"])
      #expect(
        targets.map(\.url) == [
          "postgres://app:\(app.resourcePassword)@127.0.0.1:15001/app", nil, "redis://127.0.0.1:15002/0", nil,
          "127.0.0.1:15003",
        ])
      #expect(targets[0].options["storage"] == "20")
      // Its data is still there for those who ask by name.
      #expect(try lookup(test).target("gone", app: app).url == "redis://127.0.0.1:15004/0")
    }
  }

  @Test func aManifestThatIsNotValidTakesNothingAway() async throws {
    try await TestHome.with { test in
      let app = try app(test, "resources: [\n")
      var problems = 0
      let targets = lookup(test).targets(app: app) { _ in problems += 1 }
      #expect(problems == 1 && targets.map(\.name) == ["cache", "mydb"])
      try FileManager.default.removeItem(atPath: "\(test.path)/web")
      #expect(lookup(test).targets(app: app).map(\.name) == ["cache", "mydb"])
    }
  }

  @Test func theAppEnvsURLCountsAtOnce() async throws {
    try await TestHome.with { test in
      var app = try app(test, Self.manifest)
      app.appEnvironment = ["MYDB_URL": "postgres://x:y@db.example.org/z", "NEW_URL": "mem:11211"]
      let targets = lookup(test).targets(app: app)
      #expect(targets[0].url == "postgres://x:y@db.example.org/z" && targets[0].isExternal)
      #expect(targets[3].url == "mem:11211" && targets[3].isExternal)
      #expect(try await lookup(test).resource("new", app: app).status == "external")
    }
  }

  @Test func anAppThatNeverHadAnUpIsListedFromItsManifest() async throws {
    try await TestHome.with { test in
      try test.write(Self.manifest, to: "web/convox.yml")
      let place = Workspace(manifestPath: "\(test.path)/web/convox.yml", currentDirectory: test.path)
      let app = InstanceState(
        id: "", handle: "web", app: "web", path: place.folder.path, resourcePassword: "")
      let found = try await lookup(test, workspace: place).list(app: app)
      #expect(found.map(\.name) == ["mydb", "files", "cache", "new"])
      #expect(found.allSatisfy { $0.url == nil && $0.status == "stopped" }, "\(found)")
    }
  }

  @Test func linkedOnesFollowAndKnowTheirApps() async throws {
    try await TestHome.with { test in
      let app = try app(test, Self.manifest)
      try create(test, "drain", "syslog", parameters: ["Url": "tcp://logs:514"]) { $0.links = [app.id] }
      try create(test, "other", "redis", port: 15009)
      let found = lookup(test)
      #expect(found.targets(app: app).map(\.name) == ["mydb", "files", "cache", "new", "drain"])
      let drain = try await found.resource("drain", app: nil)
      #expect(drain.url == "tcp://logs:514" && drain.apps == ["web"] && drain.status == "running")
      #expect(drain.parameters == ["Url": "tcp://logs:514"])
      #expect(try await found.created().map(\.name) == ["drain", "other"])
    }
  }

  @Test func theAppsOwnComesBeforeACreatedOneOfTheSameName() async throws {
    try await TestHome.with { test in
      let app = try app(test, Self.manifest)
      try create(test, "cache", "memcached", port: 15010)
      #expect(try lookup(test).target("cache", app: app).type == "redis")
      #expect(try lookup(test).target("cache", app: nil).type == "memcached")
    }
  }

  @Test func whatIsBeingDoneIsTheStatusWhileTheLockIsHeldAndAFailureAfterwards() async throws {
    try await TestHome.with { test in
      let made = try create(test, "mysql-1", "mysql") { $0.operation = "creating" }
      #expect(try await lookup(test).resource("mysql-1", app: nil).status == "failed")
      let lock = try await InstanceLock.acquire(test.home.operation(made.id), until: .after(.seconds(10)))
      #expect(try await lookup(test).resource("mysql-1", app: nil).status == "creating")
      _ = consume lock
      #expect(try await lookup(test).resource("mysql-1", app: nil).status == "failed")
      try create(test, "mysql-1", "mysql")
      #expect(try await lookup(test).resource("mysql-1", app: nil).status == "stopped")
    }
  }

  @Test func addressesAreKnownAlsoWhileTheDockerEngineDoesNotAnswer() async throws {
    try await TestHome.with { test in
      var app = try app(test, Self.manifest)
      app.runtime = .docker
      app.resources["files"] = record("efs", port: nil)
      try Folder.make(
        SharedDirectory(resource: "files", options: [:], home: test.home, id: app.id).path, mode: 0o755)
      let context = DrydockContext(
        environment: ["DOCKER_HOST": "unix://\(test.path)/none.sock"], currentDirectory: test.path,
        home: test.home, catalog: .builtIn)
      let found = try await ResourceLookup(context: context).list(app: app)
      #expect(found.map(\.status) == ["unknown", "running", "unknown", "stopped"])
      #expect(found[2].url == "redis://127.0.0.1:15002/0")
    }
  }

  @Test func errorsAreConvoxsOwnWithWhatToDoNext() async throws {
    try await TestHome.with { test in
      let app = try app(test, Self.manifest)
      let unknown = try await emulatorError { _ = try lookup(test).target("mydbb", app: app) }
      #expect(unknown.message == "no such resource: mydbb" && unknown.code == .failed)
      #expect(unknown.suggestion == "did you mean mydb? there is mydb, files, cache, new")
      for name in ["files", "new"] {
        let none = try await emulatorError { _ = try lookup(test).target(name, app: app).requiredURL() }
        #expect(none.message == "no url for resource: \(name)" && none.code == .failed)
      }
    }
  }
}
