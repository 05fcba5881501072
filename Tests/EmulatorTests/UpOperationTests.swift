import AppStateTestSupport
import ConvoxManifest
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import NativeProcess
import ServersTestSupport
import Synchronization
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Planning
@testable import Resources
@testable import Servers

/// Whole operations, on apps that need no engine and on a stub of one.
@Suite struct UpOperationTests {
  private static let directories = """
    resources:
      files: { type: efs }
      mydb: { type: postgres }
    services:
      web:
        environment: [MODE=dev]
        resources: [mydb]
    """

  /// An app in a folder of a test's own, whose database runs elsewhere.
  private struct App {
    let test: TestHome
    var environment = ["DRYDOCK_KEEPER": "/bin/true", "PATH": "/nowhere"]

    var context: DrydockContext {
      DrydockContext(
        environment: environment, currentDirectory: "\(test.path)/web", home: test.home, catalog: .builtIn)
    }

    func up(
      _ text: String = directories, app: String? = nil, choice: RuntimeChoice = .auto,
      url: String = "postgres://u:p@h/d", options: UpOptions = UpOptions(deadline: .after(.seconds(30))),
      findings: (@Sendable (ManifestFindings) -> Void)? = nil,
      notice: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> UpOperation.Result {
      var events = UpOperation.UpEvents(phase: { _, _ in }, notice: notice, planned: { _ in })
      events.findings = findings
      try test.write(text, to: "web/convox.yml")
      return try await UpOperation(
        context: context, workspace: try Workspace.find(manifest: nil, from: context.currentDirectory),
        app: app,
        extraEnvironment: url.isEmpty ? [:] : ["MYDB_URL": url], choice: choice, options: options,
        events: events
      ).run()
    }
  }

  private func with(_ body: (App) async throws -> Void) async throws {
    try await TestHome.with { test in try await body(App(test: test)) }
  }

  /// It would stop every engine.
  @Test(arguments: [directories.replacing("resources:\n  files", with: "resource:\n  files"), "", "# gone\n"])
  func aSlipThatHidesEveryResourceStopsNone(_ text: String) async throws {
    try await with { app in
      let before = try await app.up().state
      for isDryRun in [true, false] {
        let options = UpOptions(deadline: .after(.seconds(30)), isDryRun: isDryRun)
        let error = await #expect(throws: ManifestError.self) { try await app.up(text, options: options) }
        #expect(error?.diagnostics.first?.message.contains("files, mydb would be stopped") == true)
        #expect(error?.diagnostics.allSatisfy { $0.suggestion != nil } == true)
      }
      #expect(try app.context.store.load(before.id) == before)
    }
  }

  @Test(arguments: [true, false]) func eachResourceThatIsStoppedIsNamed(_ isDryRun: Bool) async throws {
    try await with { app in
      _ = try await app.up()
      let notices = Mutex<[String]>([])
      _ = try await app.up(
        "services: { web: { build: . } }",
        options: UpOptions(deadline: .after(.seconds(30)), isDryRun: isDryRun),
        notice: { text in notices.withLock { $0.append(text) } })
      let stopped = notices.withLock { $0 }.filter { $0.contains("no longer in the manifest") }
      #expect(stopped.map { $0.prefix { $0 != " " } } == ["files", "mydb"])
    }
  }

  @Test func anAppThatNeedsNoEngineComesUp() async throws {
    try await with { app in
      let result = try await app.up()
      #expect(result.outcomes.map(\.status) == [.running, .external])
      #expect(result.plan.runtimeReason == "nothing to run")
      #expect(app.test.text("web/.drydock/web.env")?.contains("MYDB_URL=postgres://u:p@h/d\n") == true)
      let again = try await app.up()
      #expect(again.state == result.state)
      let states = try await StatusOperation(context: app.context).run(result.state)
      #expect(states.map(\.status) == [.running, .external])
    }
  }

  /// A directory has no process that would tell.
  @Test func aDirectoryIsStoppedAfterADown() async throws {
    try await with { app in
      let state = try await app.up().state
      func statuses() async throws -> [String: ResourceStatus] {
        let current = try #require(try app.context.store.load(state.id))
        let states = try await StatusOperation(context: app.context).run(current)
        return Dictionary(uniqueKeysWithValues: states.map { ($0.resource, $0.status) })
      }
      for names in [nil, ["files"]] as [[String]?] {
        let current = try #require(try app.context.store.load(state.id))
        _ = try await DownOperation(
          context: app.context, instance: current, selected: names, deletesData: false, notice: { _ in }
        ).run(until: .after(.seconds(30)))
        #expect(try await statuses()["files"] == .stopped)
        _ = try await app.up()
        #expect(try await statuses()["files"] == .running)
      }
    }
  }

  @Test func resourcesComeInTheManifestsOrder() async throws {
    try await with { app in
      let text = "resources:\n  z: { type: efs }\n  a: { type: efs }\n  m: { type: efs }\n"
      let state = try await app.up(text).state
      #expect(state.resourceNames == ["z", "a", "m"])
      #expect(try await StatusOperation(context: app.context).run(state).map(\.resource) == ["z", "a", "m"])
      var older = state
      older.order = nil
      #expect(older.resourceNames == ["a", "m", "z"])
      older.order = ["m", "gone"]
      #expect(older.resourceNames == ["m", "a", "z"])
    }
  }

  /// Bug: an `up` of a manifest with fifteen findings told all of them each time.
  @Test func findingsAreToldOncePerChangeOfTheFile() async throws {
    try await with { app in
      let told = Mutex<[ManifestFindings]>([])
      let text = Self.directories + "\nlabels: {}\nother: {}\n"
      let dry = UpOptions(deadline: .after(.seconds(30)), isDryRun: true)
      let texts: [(String, UpOptions?)] = [
        (text, dry), (text, nil), (text, nil), (text, dry), (text + "# changed\n", nil), (text, nil),
      ]
      for (text, options) in texts {
        _ = try await app.up(
          text, options: options ?? UpOptions(deadline: .after(.seconds(30))),
          findings: { findings in told.withLock { $0.append(findings) } })
      }
      let all = told.withLock { $0 }
      // What was only planned is not done: it is told by the command that does it.
      #expect(all.map(\.isTold) == [false, false, true, true, false, false])
      #expect(all.allSatisfy { $0.lines.count == 2 && $0.lines[0].contains("labels") }, "\(all)")
      #expect(all[2].summary == "2 findings about convox.yml are as told before; all of them: drydock check")
    }
  }

  /// What Convox's parser takes, and AWS or a build would refuse.
  @Test func whatOnlyADeployRefusesIsALineOfUp() async throws {
    try await with { app in
      let told = Mutex<[String]>([])
      try FileManager.default.createDirectory(
        atPath: "\(app.test.path)/web/there", withIntermediateDirectories: true)
      try app.test.write("", to: "web/file")
      let text = """
        resources:
          mydb: { type: postgres, options: { storage: 10, version: "99", stroage: 1, class: small } }
          cache: { type: redis, options: { durable: true } }
        services:
          one: { build: there, resources: [mydb, cache] }
          two: { build: ./gone, volumes: [data] }
          three: { build: file }
          four: { image: built/elsewhere }
        """
      // The other one would be started.
      let options = UpOptions(selected: ["mydb"], deadline: .after(.seconds(30)))
      let result = try await app.up(
        text, options: options, findings: { findings in told.withLock { $0 = findings.lines } })
      #expect(result.outcomes.map(\.status) == [.external])
      let lines = told.withLock { $0 }
      let refusals = lines.filter { $0.hasPrefix("a deploy would fail: convox.yml:") }
      let expected = [
        "storage takes a whole number from 20", "unknown option stroage", "AWS has no PostgreSQL 99",
        "durable: true needs two nodes",
        "volume data of service two has no absolute path", "service two is built from ./gone",
        "service three is built from file",
      ]
      #expect(refusals.count == expected.count, "\(lines)")
      for text in expected { #expect(refusals.contains { $0.contains(text) }, "\(text): \(lines)") }
      #expect(lines.contains { $0.contains("`small` is not known here") })
    }
  }

  /// The rack, for one, has nobody who counts them.
  @Test func whoDoesNotListenForFindingsGetsNotices() async throws {
    try await with { app in
      let notices = Mutex<[String]>([])
      for _ in 0..<2 {
        _ = try await app.up(
          Self.directories + "\nlabels: {}\n", notice: { text in notices.withLock { $0.append(text) } })
      }
      #expect(notices.withLock { $0 }.count { $0.contains("labels") } == 1)
    }
  }

  @Test func aNewNameIsKept() async throws {
    try await with { app in
      let before = try await app.up()
      let renamed = try await app.up(app: "shop")
      #expect(renamed.state.id == before.state.id)
      let kept = try await app.up()
      #expect(kept.state.app == "shop" && kept.state.handle == "shop")
      #expect(app.context.directory.instance(handle: "web") == nil)
      #expect(app.test.text("web/.drydock/web.env")?.contains("APP=shop\n") == true)
    }
  }

  @Test func aDryRunChangesNothing() async throws {
    try await with { app in
      let options = UpOptions(deadline: .after(.seconds(30)), isDryRun: true)
      let result = try await app.up(options: options)
      #expect(result.plan.items.map(\.action) == [.directory, .external])
      #expect(result.outcomes.isEmpty)
      #expect(!Folder.exists("\(app.test.path)/web/.drydock"))
      #expect(!Folder.exists(app.test.home.root))
    }
  }

  @Test func aWrongManifestMakesNoInstance() async throws {
    try await with { app in
      await #expect(throws: (any Error).self) { _ = try await app.up("resources:\n  x: { type: oracle }\n") }
      #expect(!Folder.exists("\(app.test.path)/web/.drydock"))
    }
  }

  @Test func unknownNamesAreRefused() async throws {
    try await with { app in
      let deadline = Deadline.after(.seconds(30))
      for options in [
        UpOptions(selected: ["mydc"], deadline: deadline),
        UpOptions(deadline: deadline, ports: ["mydc": 15000]),
      ] {
        let error = try await emulatorError { _ = try await app.up(options: options) }
        #expect(error.code == .usage)
        #expect(error.suggestion == "did you mean mydb? there is files, mydb")
      }
    }
  }

  @Test(arguments: [("files", "efs has no server"), ("mydb", "a URL in the app env stands in for it")])
  func aPortForWhatListensOnNoneIsRefused(_ name: String, _ reason: String) async throws {
    try await with { app in
      let options = UpOptions(deadline: .after(.seconds(30)), ports: [name: 15000])
      let error = try await emulatorError { _ = try await app.up(options: options) }
      #expect(error.code == .usage)
      #expect(error.message == "resource \(name) takes no port: \(reason)")
    }
  }

  @Test func withoutAnyEngineItSaysWhatToInstall() async throws {
    try await with { app in
      var app = app
      app.environment["DOCKER_HOST"] = "unix://\(app.test.path)/no-socket"
      let text = "resources:\n  mydb:\n    type: postgres\n    image: mine:1\n"
      let error = try await emulatorError { _ = try await app.up(text, url: "") }
      #expect(error.code == .unavailable)
      #expect(error.details.count == 2)
      #expect(error.details.last?.contains("mine:1") == true)
    }
  }

  @Test func aSecondCommandIsWaitedFor() async throws {
    try await with { app in
      let state = try await app.up().state
      let lock = try await InstanceLock.acquire(app.test.home.instance(state.id), until: .after(.seconds(30)))
      defer { _ = lock }
      let notices = Mutex<[String]>([])
      let error = try await emulatorError {
        _ = try await app.up(
          options: UpOptions(deadline: .after(.milliseconds(50))),
          notice: { text in notices.withLock { $0.append(text) } })
      }
      #expect(error.code == .notReady)
      #expect(notices.withLock { $0 } == ["waiting for another drydock command (process \(getpid()))"])
    }
  }

  /// An instance whose volume a stub engine has.
  private func withData(_ body: (App, StubDockerServer) async throws -> Void) async throws {
    try await with { app in
      let state = try await app.up().state
      let volume =
        #"{"Name":"v","Driver":"local","Labels":{"dev.drydock.resource":"mydb","dev.drydock.version":"13.5"}}"#
      let stub = DockerStub(answers: ["GET /volumes": .reply(200, #"{"Volumes":[\#(volume)]}"#)])
      try await StubDockerServer.run(stub.handle) { server in
        var saved = state
        saved.runtime = .docker
        saved.resources["mydb"]?.wantedVersion = "13"
        try app.context.store.save(saved)
        var app = app
        app.environment["DOCKER_HOST"] = "unix://\(server.socketPath)"
        try await body(app, server)
      }
    }
  }

  @Test func dataDoesNotMoveBetweenRuntimes() async throws {
    try await withData { app, server in
      let error = try await emulatorError { _ = try await app.up(choice: .native, url: "") }
      #expect(error.code == .dataMismatch && error.code.rawValue == 78)
      #expect(error.message.contains("lives in the docker runtime"))
      #expect(error.suggestion?.contains("--runtime docker") == true)
      #expect(server.requests.allSatisfy { $0.method == "GET" })
    }
  }

  @Test func dataOfAnotherSeriesIsTheUsersToDecideOn() async throws {
    try await withData { app, server in
      let text = "resources:\n  mydb:\n    type: postgres\n    options: { version: 15 }\n"
      let error = try await emulatorError { _ = try await app.up(text, url: "") }
      #expect(error.code == .dataMismatch)
      #expect(
        error.message == "resource mydb: its data was made by postgres 13.5, and the manifest now asks for 15"
      )
      #expect(error.details.count == 3)
      #expect(error.details.first == "keep the old version: version: \"13\" in convox.yml")
      #expect(server.requests.allSatisfy { $0.method == "GET" })
    }
  }

  @Test func downDeletesOnlyWhatIsAskedFor() async throws {
    try await withData { app, server in
      let state = try #require(app.context.store.all().first)
      func down(_ selected: [String]?, _ deletesData: Bool) async throws -> [DownOperation.Outcome] {
        try await DownOperation(
          context: app.context, instance: state, selected: selected, deletesData: deletesData,
          notice: { _ in }
        ).run(until: .after(.seconds(30)))
      }
      let unknown = try await emulatorError { _ = try await down(["mydc"], true) }
      #expect(unknown.code == .usage)
      let kept = try await down(nil, false)
      #expect(kept.allSatisfy { !$0.wasRunning && !$0.dataDeleted })
      #expect(app.context.store.all().first?.resources.count == 2)
      #expect(!Folder.exists("\(app.test.path)/web/.drydock/web.env"))
      #expect(server.requests.allSatisfy { $0.method == "GET" })
      let directory = SharedDirectory(resource: "files", options: [:], home: app.test.home, id: state.id).path
      #expect(Folder.exists(directory))
      _ = try await down(["files"], true)
      #expect(!Folder.exists(directory))
      #expect(app.context.store.all().first?.resources.keys.sorted() == ["mydb"])
      _ = try await down(nil, true)
      #expect(app.context.store.all().first?.resources.isEmpty == true)
      #expect(app.context.store.all().first?.runtime == nil)
    }
  }

  @Test(arguments: [
    ("exited", 137, ResourceStatus.crashed, "signal 9" as String?), ("created", 0, .stopped, nil),
    ("exited", 0, .stopped, nil), ("exited", 255, .crashed, "exit code 255"),
    ("paused", 0, .paused, "docker unpause db"),
    // It runs, and nothing answers on the port that it has.
    ("running", 0, .starting, "not reachable"),
  ])
  func psShowsWhatTheEngineSays(_ status: String, _ code: Int, _ expected: ResourceStatus, _ reason: String?)
    async throws
  {
    try await with { app in
      var state = try await app.up().state
      let port = try PortAllocator(folder: try app.test.folder("ports")).reserve(
        seed: app.test.path, owner: "test")
      state.runtime = .docker
      state.resources["mydb"]?.externalURL = nil
      state.resources["mydb"]?.port = port
      let listing =
        #"[{"Id":"old","Names":["/db"],"Image":"x","State":"\#(status)","Labels":{"dev.drydock.resource":"mydb"}}]"#
      let container = StubResponse.container(status: status, exitCode: code, port: port)
      let name = ResourceNames(id: state.id, state: state).container("mydb")
      let words: [UInt8] = Array("last words\n".utf8)
      let stub = DockerStub(answers: [
        "GET /containers/json": .reply(200, listing), "GET /containers/old/json": container,
        "GET /containers/\(name)/json": container,
        "GET /containers/\(name)/logs": .stream([[2, 0, 0, 0, 0, 0, 0, UInt8(words.count)] + words]),
      ])
      let known = state
      try await StubDockerServer.run(stub.handle) { server in
        var app = app
        app.environment["DOCKER_HOST"] = "unix://\(server.socketPath)"
        let states = try await StatusOperation(context: app.context).run(known)
        let database = try #require(states.first { $0.resource == "mydb" })
        #expect(database.status == expected)
        #expect(database.port == port && database.runtime == .docker && database.container == "db")
        if let reason {
          #expect(database.reason?.contains(reason) == true)
        } else {
          #expect(database.reason == nil)
        }
        #expect(database.lastLog == (expected == .crashed ? ["last words"] : nil))
      }
    }
  }

  @Test func logsOfUnknownResourcesAreRefused() async throws {
    try await with { app in
      let state = try await app.up().state
      let error = try await emulatorError {
        _ = try await LogOperation(context: app.context, instance: state, selected: ["mydc"])
      }
      #expect(error.code == .usage)
      let logs = try await LogOperation(context: app.context, instance: state, selected: [])
      // Directories write no log.
      #expect(logs.names == ["mydb"])
    }
  }
}
