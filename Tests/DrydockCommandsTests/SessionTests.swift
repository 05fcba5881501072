import ArgumentParser
import ConvoxEnvironment
import ConvoxManifest
import Engines
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase
@testable import DrydockCommands
@testable import Emulator
@testable import Planning
@testable import Resources

/// An app in a folder of a test's own, and sessions in it.
struct TestApp {
  let path: String
  var context: DrydockContext {
    DrydockContext(
      environment: [:], currentDirectory: "\(path)/web",
      home: StateHome(root: "\(path)/state", engines: "\(path)/state/engines", sockets: "\(path)/sockets"),
      catalog: .builtIn)
  }

  static let manifest = """
    resources:
      mydb: { type: postgres }
      my-files: { type: efs }
    services:
      web:
        environment: [MODE=dev]
        resources: [mydb, my-files]
      picky:
        environment: [SECRET]
    """

  static func with(_ body: (TestApp) async throws -> Void) async throws {
    let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    let app = TestApp(path: "\(temporary)/drydock-unit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: "\(app.path)/web", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: app.path) }
    try app.write(manifest, to: "web/convox.yml")
    try await body(app)
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
  }

  func session(_ words: String...) throws -> Session {
    Session(try SharedOptions.parse(words), context: context)
  }

  /// The instance, as after an `up`.
  func up() throws -> InstanceState {
    var state = try context.directory.open(AppFolder("\(path)/web"), app: nil)
    var record = ResourceRecord(
      type: "postgres", administratorPassword: "", wantedVersion: "12", options: [:])
    record.port = 15001
    state.resources["mydb"] = record
    state.resources["my-files"] = ResourceRecord(
      type: "efs", administratorPassword: "", wantedVersion: "", options: [:])
    try context.store.save(state)
    return state
  }
}

@Suite struct SessionTests {
  private func failure(_ body: () async throws -> Void) async throws -> DrydockError {
    try await #require(throws: DrydockError.self) { try await body() }
  }

  /// It is not passed over in silence, as a folder without a manifest is.
  @Test func aManifestOutOfTheRepositoryIsRefusedByEveryCommand() async throws {
    try await TestApp.with { app in
      try FileManager.default.removeItem(atPath: "\(app.path)/web/convox.yml")
      try app.write(TestApp.manifest, to: "other")
      try FileManager.default.createSymbolicLink(
        atPath: "\(app.path)/web/convox.yml", withDestinationPath: "../other")
      let session = try app.session()
      for body in [
        { _ = try session.existingInstance() }, { _ = try session.workspaceToBringUp() },
        { _ = try session.workspaceOfInstance() }, { _ = try session.requiredInstance() },
      ] as [() throws -> Void] {
        let error = try await failure { try body() }
        #expect(error.code == .notTrusted && error.suggestion?.contains("--manifest") == true)
      }
      #expect(try app.session("--manifest", "convox.yml").existingInstance() == nil)
    }
  }

  /// As `params set` and `env set` look for it, which go on without one.
  @Test func aManifestThatIsNotTrustedIsNoneThatIsMissing() async throws {
    try await TestApp.with { app in
      _ = try app.up()
      let session = try app.session("--app", "web")
      #expect(try session.workspaceOfInstanceIfPresent() != nil)
      try FileManager.default.removeItem(atPath: "\(app.path)/web/convox.yml")
      #expect(try session.workspaceOfInstanceIfPresent() == nil)
      try app.write(TestApp.manifest, to: "other")
      try FileManager.default.createSymbolicLink(
        atPath: "\(app.path)/web/convox.yml", withDestinationPath: "../other")
      let error = try await failure { _ = try session.workspaceOfInstanceIfPresent() }
      #expect(error.code == .notTrusted)
    }
  }

  @Test func anUpFromElsewhereTakesTheFolderOfTheHandle() async throws {
    try await TestApp.with { app in
      let state = try app.up()
      let elsewhere = DrydockContext(
        environment: app.context.environment, currentDirectory: "/", home: app.context.home, catalog: .builtIn
      )
      func session(_ words: String...) throws -> Session {
        Session(try SharedOptions.parse(words), context: elsewhere)
      }
      #expect(try session("--app", state.handle).workspaceToBringUp().folder.path == state.path)
      for words in [[], ["--app", "other"]] {
        let error = try await failure {
          _ = try Session(try SharedOptions.parse(words), context: elsewhere).workspaceToBringUp()
        }
        #expect(error.code == .manifestMissing)
      }
    }
  }

  @Test func anInstanceIsFoundByFolderAndByHandle() async throws {
    try await TestApp.with { app in
      #expect(try app.session().existingInstance() == nil)
      let state = try app.up()
      #expect(try app.session().existingInstance() == state)
      #expect(try app.session("--app", "web").existingInstance() == state)
      try FileManager.default.removeItem(atPath: "\(app.path)/web")
      #expect(try app.session("-a", "web").existingInstance() == state)
      let error = try await failure { _ = try app.session("-a", "wep").existingInstance() }
      #expect(error.code == .usage)
      #expect(error.suggestion == "did you mean web?")
    }
  }

  @Test func aNameMeansTheAppBeforeACreatedResource() async throws {
    try await TestApp.with { app in
      for (name, type) in [("web", "redis"), ("logs", "syslog")] {
        var created = InstanceState(
          id: "\(name)1234567890", handle: name, app: name, path: app.context.home.created(name),
          resourcePassword: "")
        created.created = CreatedResource(type: type, parameters: [:])
        try app.context.store.save(created)
      }
      #expect(try app.session("-a", "web").existingInstance()?.created != nil, "nothing else is called so")
      let state = try app.up()
      #expect(state.handle.hasPrefix("web-"))
      #expect(try app.session("-a", "web").existingInstance() == state)
      #expect(try CreatedResources(context: app.context).app(named: "web") == state)
      #expect(try app.session("-a", "web").workspaceToBringUp().folder.path == state.path)
      let error = try await failure { _ = try app.session("-a", "nope").existingInstance() }
      #expect(error.suggestion == "there is \(state.handle)", "apps alone are listed")
      let drain = try await failure { _ = try app.session("-a", "logs").workspaceOfInstance() }
      #expect(drain.suggestion == "its URL: drydock resources url logs")
    }
  }

  @Test func filesAddToTheAppEnv() async throws {
    try await TestApp.with { app in
      var state = try app.up()
      state.appEnvironment = ["A": "kept", "B": "kept"]
      try app.write("B=first\nC=first\n", to: "one.env")
      try app.write("C=second\n", to: "two.env")
      let session = try app.session("--env-file", "\(app.path)/one.env", "--env-file", "\(app.path)/two.env")
      #expect(try session.appEnvironment(state) == ["A": "kept", "B": "first", "C": "second"])
      #expect(try session.appEnvironment(nil) == ["B": "first", "C": "second"])
      let missing = try app.session("--env-file", "\(app.path)/none.env")
      let error = try await failure { _ = try missing.appEnvironment(nil) }
      #expect(error.code == .usage)
      #expect(error.message.contains("none.env"))
    }
  }

  /// As in `env set --from <(command)`.
  @Test(.timeLimit(.minutes(1))) func aPipeIsReadAsAFile() async throws {
    try await TestApp.with { app in
      let pipe = "\(app.path)/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      // Whoever opens a pipe waits for the other end.
      Thread.detachNewThread { try? app.write("A='one'\nB=2\n", to: "pipe") }
      let values = try EnvironmentFile(pipe).read(as: .dotenv).environment.values
      #expect(values == ["A": "one", "B": "2"])
    }
  }

  @Test(arguments: [
    ([], [:], RuntimeChoice.auto), ([], ["DRYDOCK_RUNTIME": "docker"], .docker),
    ([], ["DRYDOCK_RUNTIME": ""], .auto),
    (["--runtime", "native"], ["DRYDOCK_RUNTIME": "docker"], .native),
  ])
  func theRuntimeIsTheOptionsElseTheEnvironments(
    _ words: [String], _ environment: [String: String], _ expected: RuntimeChoice
  ) throws {
    let context = DrydockContext(environment: environment, currentDirectory: "/", catalog: .builtIn)
    #expect(try SharedOptions.parse(words).runtimeChoice(context) == expected)
  }

  @Test func anUnknownRuntimeInTheEnvironmentIsNamed() async throws {
    let context = DrydockContext(
      environment: ["DRYDOCK_RUNTIME": "podman"], currentDirectory: "/", catalog: .builtIn)
    let error = try await failure { _ = try SharedOptions.parse([]).runtimeChoice(context) }
    #expect(error.code == .usage)
    #expect(error.message == "DRYDOCK_RUNTIME is podman")
  }

  @Test func editsOfTheAppEnvAreKept() async throws {
    try await TestApp.with { app in
      // The first one makes the instance.
      try await AppEnvironmentEdit(try app.session()).change { $0["A"] = "b" }
      try await AppEnvironmentEdit(try app.session()).change { $0["C"] = "d" }
      try await AppEnvironmentEdit(try app.session()).change { $0["A"] = nil }
      #expect(try app.session().existingInstance()?.appEnvironment == ["C": "d"])
    }
  }
}

@Suite struct EnvironmentQueryTests {
  private func values(_ variables: [EnvironmentVariable]) -> [String: String] {
    Dictionary(variables.map { ($0.name, $0.value) }) { $1 }
  }

  @Test func aServicesVariables() async throws {
    try await TestApp.with { app in
      let state = try app.up()
      let query = try EnvironmentQuery(app.session())
      let host = values(try query.variables(service: "web"))
      #expect(host["MYDB_URL"] == "postgres://app:\(state.resourcePassword)@127.0.0.1:15001/app")
      #expect(host["MODE"] == "dev" && host["APP"] == "web" && host["SERVICE"] == "web")
      let inside = values(try query.variables(service: "web", from: .container))
      #expect(inside["MYDB_URL"] == "postgres://app:\(state.resourcePassword)@mydb:5432/app")
      let all = values(try query.variables(service: nil))
      #expect(all["MYDB_PORT"] == "15001" && all["MODE"] == nil)
      let volumes = values(try query.volumeVariables(service: "web"))
      #expect(volumes.keys.sorted() == ["DRYDOCK_VOLUME_MY_FILES"])
      #expect(volumes["DRYDOCK_VOLUME_MY_FILES"]?.hasPrefix(app.path) == true)
      #expect(try query.volumeVariables(service: "picky").isEmpty)
    }
  }

  @Test func whatCannotBeAnsweredIsNamed() async throws {
    try await TestApp.with { app in
      func variables(_ service: String) throws -> [EnvironmentVariable] {
        try EnvironmentQuery(app.session()).variables(service: service)
      }
      let never = try #require(throws: DrydockError.self) { _ = try variables("web") }
      #expect(never.suggestion?.contains("drydock up") == true)
      var state = try app.up()
      let unknown = try #require(throws: DrydockError.self) { _ = try variables("wep") }
      #expect(unknown.code == .usage)
      #expect(unknown.suggestion == "did you mean web? there is web, picky")
      let missing = try #require(throws: EnvironmentError.self) { _ = try variables("picky") }
      #expect(missing.names == ["SECRET"])
      state.resources["mydb"] = nil
      try app.context.store.save(state)
      let idle = try #require(throws: DrydockError.self) { _ = try variables("web") }
      #expect(idle.message == "never started: mydb")
    }
  }

  /// Bug: `run` was refused although there was nothing that an `up` would have brought.
  @Test func whatNeedsNoResourceWorksBeforeTheFirstUp() async throws {
    try await TestApp.with { app in
      let text = "services:\n  web: {environment: [MODE=dev], command: bin/web}\n"
      try app.write(text, to: "web/convox.yml")
      let query = try EnvironmentQuery(app.session())
      #expect(values(try query.variables(service: "web"))["MODE"] == "dev")
      #expect(values(try query.variables(service: "web"))["APP"] == "web")
      #expect(try query.variables(service: nil).isEmpty)
      #expect(try await query.idleResources(service: "web").isEmpty)
      try app.write(text + "resources: {files: {type: efs}, db: {type: redis}}\n", to: "web/convox.yml")
      let beside = try EnvironmentQuery(app.session())
      #expect(values(try beside.variables(service: "web"))["MODE"] == "dev")
      #expect(throws: DrydockError.self) { try beside.variables(service: nil) }
      try app.write(
        "services: {web: {resources: [files]}}\nresources: {files: {type: efs}}\n", to: "web/convox.yml")
      let error = try #require(throws: DrydockError.self) {
        try EnvironmentQuery(app.session()).variables(service: "web")
      }
      #expect(error.message == "never started: files" && error.suggestion?.contains("drydock up") == true)
      #expect(app.context.store.all().isEmpty)
    }
  }

  @Test func aURLOfTheUsersNeedsNoServer() async throws {
    try await TestApp.with { app in
      var state = try app.up()
      state.resources["mydb"] = nil
      state.appEnvironment = ["MYDB_URL": "postgres://u:p@h/d"]
      try app.context.store.save(state)
      let query = try EnvironmentQuery(app.session())
      #expect(values(try query.variables(service: "web"))["MYDB_URL"] == "postgres://u:p@h/d")
      #expect(try await query.idleResources(service: "web").isEmpty)
    }
  }

  @Test func aURLThatIsUnsetIsForgottenAtOnce() async throws {
    try await TestApp.with { app in
      var state = try app.up()
      state.resources["mydb"]?.externalURL = "postgres://u:p@h/d"
      try app.context.store.save(state)
      let query = try EnvironmentQuery(app.session())
      let url = values(try query.variables(service: "web"))["MYDB_URL"]
      #expect(url == "postgres://app:\(state.resourcePassword)@127.0.0.1:15001/app")
    }
  }

  @Test func whatDoesNotRunIsTold() async throws {
    try await TestApp.with { app in
      _ = try app.up()
      #expect(try await EnvironmentQuery(try app.session()).idleResources(service: "web") == ["mydb"])
    }
  }
}
