import AppStateTestSupport
import ConvoxManifest
import DockerEngine
import DrydockTestSupport
import Engines
import Foundation
import HealthProbes
import MonotonicTime
import ServersTestSupport
import Synchronization
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning
@testable import Servers

@Suite struct ContainerStartTests {
  private let container = "drydock-abc123def456-mem"

  private func launch(
    _ origin: ServerSource = .local("fake:1.0"), verified: Bool = false, version: String = "1.0"
  ) -> Launch {
    let engine = FakeEngine()
    return Launch(
      spec: fake("mem", engine, version: version), engine: engine,
      request: ServerRequest(
        marker: "drydock-abc123def456-mem", port: 15001, password: "app's", administratorPassword: "secret"),
      source: origin, hasVerifiedData: verified)
  }

  private func start(_ launch: Launch, on runtime: ContainerRuntime) async throws {
    try await runtime.start(launch, progress: { _ in }, until: .after(.seconds(30)))
  }

  @Test func aNewServerIsMadeInOrder() async throws {
    let stub = DockerStub(answers: ["GET /images/fake:1.0/json": .image("sha256:1")])
    try await stub.run { runtime, calls, server in
      try await start(launch(), on: runtime)
      #expect(
        calls().filter { !$0.hasPrefix("GET") } == [
          "POST /volumes/create", "POST /containers/create", "PUT /containers/made/archive",
          "POST /containers/made/start",
        ])
      let request = try #require(server.requests.first { $0.call == "POST /containers/create" })
      #expect(request.query["name"] == container)
      let body = request.json
      #expect(body["Image"] as? String == "sha256:1")
      #expect(body["Cmd"] as? [String] == ["fake", "--marker=drydock-abc123def456-mem"])
      #expect(body["Env"] as? [String] == ["A=b"])
      let labels = try #require(body["Labels"] as? [String: String])
      #expect(labels["dev.drydock.instance"] == "abc123def456" && labels["dev.drydock.resource"] == "mem")
      #expect(labels["dev.drydock.configuration"]?.isEmpty == false)
      #expect(
        request.text.contains(#""PortBindings":{"7/tcp":[{"HostIp":"127.0.0.1","HostPort":"15001"}]}"#))
      #expect(request.text.contains(#""RestartPolicy":{"Name":"no"}"#))
      #expect(request.text.contains(#""drydock-abc123def456":{"Aliases":["mem"]}"#))
      #expect(
        request.text.contains(#"{"Source":"drydock-abc123def456-mem","Target":"/data","Type":"volume"}"#))
      #expect(!request.text.contains("secret") && !request.text.contains("app's"))
      let volume = try #require(server.requests.first { $0.call == "POST /volumes/create" }).json
      #expect((volume["Labels"] as? [String: String])?["dev.drydock.version"] == "1.0.1")
    }
  }

  @Test func dataGoesWhereTheImageDeclaresIt() async throws {
    for (declared, expected) in [("/data/inner", "/data/inner"), ("/elsewhere", "/data")] {
      let stub = DockerStub(answers: [
        "GET /images/fake:1.0/json": .image("sha256:1", volumes: [declared, "/database"])
      ])
      try await stub.run { runtime, _, server in
        try await start(launch(), on: runtime)
        let request = try #require(server.requests.first { $0.call == "POST /containers/create" })
        #expect(request.text.contains(#""Target":"\#(expected)""#))
      }
    }
  }

  @Test func anImageThatIsNotThereIsPulledFirst() async throws {
    let isPulled = Mutex(false)
    var stub = DockerStub()
    stub.answers["POST /images/create"] = .stream([Array(#"{"status":"Download complete"}"#.utf8)])
    let answers = stub
    try await TestHome.with { test in
      try await StubDockerServer.run({ request in
        if request.call == "POST /images/create" { isPulled.withLock { $0 = true } }
        if request.call == "GET /images/fake:1.0/json", isPulled.withLock({ $0 }) {
          return .image("sha256:1")
        }
        return answers.handle(request)
      }) { server in
        let runtime = ContainerRuntime(
          client: try await .connect(to: .init(socketPath: server.socketPath), until: .after(.seconds(30))),
          names: ResourceNames(id: "abc123def456"), environment: [:], stateFolder: try test.folder("state"))
        let phases = Mutex<[String]>([])
        try await runtime.start(
          launch(.pulled("fake:1.0")), progress: { phase in phases.withLock { $0.append(phase) } },
          until: .after(.seconds(30)))
        #expect(phases.withLock { $0.first } == "pulling fake:1.0")
        #expect(phases.withLock { $0.last } == "starting")
        #expect(server.requests.contains { $0.call == "POST /containers/made/start" })
      }
    }
  }

  @Test func whatARM64LacksIsRefusedBeforeThePull() async throws {
    try await DockerStub(arch: "arm64").run { runtime, calls, _ in
      let error = try await emulatorError {
        try await start(launch(.pulled("fake:0.9"), version: "0.9"), on: runtime)
      }
      #expect(error.code == .unavailable)
      #expect(error.message == "resource mem: the image fake:0.9 does not exist for arm64")
      #expect(error.suggestion?.contains("DRYDOCK_PLATFORM=linux/amd64") == true)
      #expect(calls().isEmpty)
    }
  }

  @Test(arguments: [
    ("arm64", "linux/amd64", "fake:0.9", "linux/amd64" as String?), ("arm64", "", "fake:1.0", nil),
    ("amd64", "", "fake:0.9", nil),
    // What somebody named is theirs; only the official image's platforms are known.
    ("arm64", "", "somebody/fake:0.9", nil),
  ])
  func anythingElseIsPulled(_ arch: String, _ platform: String, _ image: String, _ asked: String?)
    async throws
  {
    try await DockerStub(arch: arch).run(environment: ["DRYDOCK_PLATFORM": platform]) { runtime, _, server in
      let version = image.hasSuffix("0.9") ? "0.9" : "1.0"
      // The stub never has the image, so that nothing goes on after the pull.
      let error = try await emulatorError {
        try await start(launch(.pulled(image), version: version), on: runtime)
      }
      #expect(error.message == "resource mem: the image \(image) is not there")
      let pull = try #require(server.requests.first { $0.call == "POST /images/create" })
      #expect(pull.query["platform"] == asked)
    }
  }

  @Test func dataThatNeverServedIsMadeAnew() async throws {
    let stub = DockerStub(answers: [
      "GET /images/fake:1.0/json": .image("sha256:1"),
      "GET /containers/\(container)/json": .container(status: "exited"),
      "GET /volumes/\(container)": .reply(200, #"{"Name":"\#(container)","Driver":"local"}"#),
    ])
    try await stub.run { runtime, calls, _ in
      try await start(launch(verified: false), on: runtime)
      let removed = calls().filter { $0.hasPrefix("DELETE") }
      #expect(removed.prefix(2) == ["DELETE /containers/\(container)", "DELETE /volumes/\(container)"])
      #expect(calls().last == "POST /containers/made/start")
    }
  }

  @Test func dataThatServedIsKept() async throws {
    let stub = DockerStub(answers: [
      "GET /images/fake:1.0/json": .image("sha256:1"),
      "GET /containers/\(container)/json": .container(status: "exited", configuration: "another"),
      "GET /volumes/\(container)": .reply(200, #"{"Name":"\#(container)","Driver":"local"}"#),
    ])
    try await stub.run { runtime, calls, _ in
      try await start(launch(verified: true), on: runtime)
      #expect(
        calls().filter { !$0.hasPrefix("GET") } == [
          "DELETE /containers/old", "POST /containers/create", "PUT /containers/made/archive",
          "POST /containers/made/start",
        ])
    }
  }

  @Test func aContainerOfTheSameMakeIsKept() async throws {
    var configuration: String?
    let image = DockerStub(answers: ["GET /images/fake:1.0/json": .image("sha256:1")])
    try await image.run { runtime, _, server in
      try await start(launch(verified: true), on: runtime)
      let body = try #require(server.requests.first { $0.call == "POST /containers/create" }).json
      configuration = (body["Labels"] as? [String: String])?["dev.drydock.configuration"]
    }
    var stub = image
    stub.answers["GET /containers/\(container)/json"] = .container(
      status: "exited", configuration: try #require(configuration))
    try await stub.run { runtime, calls, _ in
      try await start(launch(verified: true), on: runtime)
      #expect(
        calls().filter { !$0.hasPrefix("GET") } == [
          "PUT /containers/old/archive", "POST /containers/old/start",
        ])
    }
  }

  @Test func aTakenPortIsNamedAndTheContainerGoes() async throws {
    let complaint =
      "driver failed programming external connectivity: Bind for 127.0.0.1:15001 failed: port is already allocated"
    let stub = DockerStub(answers: [
      "GET /images/fake:1.0/json": .image("sha256:1"),
      "POST /containers/made/start": .reply(500, #"{"message":"\#(complaint)"}"#),
    ])
    try await stub.run { runtime, calls, server in
      let error = try await #require(throws: PortTakenError.self) { try await start(launch(), on: runtime) }
      #expect(error.port == 15001)
      #expect(calls().last == "DELETE /containers/made")
      #expect(server.requests.last?.query["force"] == "true")
      #expect(server.requests.last?.query["v"] == nil)
    }
  }

  @Test func filesGoInsideWithTheirModes() async throws {
    let stub = DockerStub(answers: ["GET /images/fake:1.0/json": .image("sha256:1")])
    try await stub.run { runtime, _, server in
      try await start(launch(), on: runtime)
      let upload = try #require(server.requests.first { $0.call == "PUT /containers/made/archive" })
      #expect(upload.query["path"] == "/")
      #expect(upload.text.contains("drydock/secret"))
      #expect(upload.text.contains("0000444"))
      #expect(upload.text.contains("secret"))
    }
  }
}

@Suite struct ContainerRuntimeTests {
  private let container = "drydock-abc123def456-mem"
  private let listing =
    #"[{"Id":"old","Names":["/drydock-abc123def456-mem"],"Image":"x","State":"exited","Labels":{"dev.drydock.resource":"mem"}}]"#

  @Test(arguments: [
    (
      "running", 0, false, false,
      Observation.Condition.running(since: Date(timeIntervalSince1970: 1_735_787_045))
    ),
    ("exited", 137, false, true, .stopped), ("exited", 0, false, true, .stopped),
    ("exited", 137, false, false, .crashed("signal 9")), ("exited", 3, false, false, .crashed("exit code 3")),
    ("exited", 137, true, false, .crashed("out of memory")), ("created", 0, false, false, .stopped),
    // `docker stop` was taken for a crash, and 255 for signal 127.
    ("exited", 0, false, false, .stopped), ("exited", 143, false, false, .stopped),
    ("exited", 130, false, false, .stopped), ("exited", 255, false, false, .crashed("exit code 255")),
    ("exited", 0, true, false, .crashed("out of memory")),
    ("paused", 0, false, false, .running(since: Date(timeIntervalSince1970: 1_735_787_045))),
  ])
  func whatIsSeenOfAContainer(
    _ status: String, _ code: Int, _ memory: Bool, _ wasStopped: Bool, _ expected: Observation.Condition
  ) async throws {
    let volumes =
      #"{"Volumes":[{"Name":"v","Driver":"local","Labels":{"dev.drydock.resource":"mem","dev.drydock.version":"1.2"}}]}"#
    let stub = DockerStub(answers: [
      "GET /containers/json": .reply(200, listing), "GET /volumes": .reply(200, volumes),
      "GET /containers/old/json": .container(status: status, exitCode: code, outOfMemory: memory),
    ])
    try await stub.run { runtime, _, server in
      if wasStopped { runtime.stopMark("mem").set() }
      let observed = try await runtime.observe(["mem", "other"])
      #expect(observed["mem"]?.condition == expected)
      #expect(observed["mem"]?.container == container)
      #expect(observed["mem"]?.isPaused == (status == "paused"))
      #expect(observed["mem"]?.hasData == true)
      #expect(observed["mem"]?.dataVersion?.description == "1.2")
      #expect(observed["other"] == Observation(.absent))
      let filters = server.requests.first { $0.call == "GET /containers/json" }?.query
      #expect(filters == ["all": "true", "filters": #"{"label":["dev.drydock.instance=abc123def456"]}"#])
    }
  }

  /// A volume of an image whose epoch was taken for its version, or whose data a newer redis has served since.
  @Test(arguments: ["1", "6.0.16"]) func dataIsOfTheVersionThatServedItLast(_ label: String) async throws {
    var known = state()
    known.resources["mem"] = ResourceRecord(
      type: "mariadb", administratorPassword: "", wantedVersion: "10.5", options: [:])
    known.resources["mem"]?.dataVersion = "10.5.29"
    let volume =
      #"{"Name":"v","Driver":"local","Labels":{"dev.drydock.resource":"mem","dev.drydock.version":"\#(label)"}}"#
    let stub = DockerStub(answers: ["GET /volumes": .reply(200, #"{"Volumes":[\#(volume)]}"#)])
    try await stub.run(state: known) { runtime, _, _ in
      let observed = try await runtime.observe(["mem"])
      #expect(observed["mem"]?.dataVersion?.description == "10.5.29")
    }
  }

  /// Bug: in an image with a USER of its own, a replica could not read the credentials for its source.
  @Test func credentialsAreReadByWhoMayReadThem() async throws {
    let stub = DockerStub(answers: [
      "POST /containers/\(container)/exec": .reply(201, #"{"Id":"e"}"#),
      "POST /exec/e/start": .stream([]),
      "GET /exec/e/json": .reply(200, #"{"Running":false,"ExitCode":0}"#),
    ])
    try await stub.run { runtime, _, server in
      let engine = FakeEngine()
      let launch = Launch(
        spec: fake("mem", engine), engine: engine,
        request: ServerRequest(marker: "m", port: 15001, password: "", administratorPassword: ""),
        source: .local("fake:1.0"), hasVerifiedData: true)
      let script = ReplicaScript(
        "cat /drydock/source.cnf", files: [RecipeFile("/drydock/source.cnf", "secret")])
      try await runtime.run(script, for: launch, until: .after(.seconds(30)))
      let upload = try #require(server.requests.first { $0.call == "PUT /containers/\(container)/archive" })
      // A header of tar behind that of the folder: permissions, user and group of the file.
      let header = upload.body.dropFirst(512).prefix(512)
      let fields = [header.dropFirst(100), header.dropFirst(108), header.dropFirst(116)].map {
        String(decoding: $0.prefix(7), as: UTF8.self)
      }
      #expect(fields == ["0000600", "0000000", "0000000"])
      let exec = try #require(server.requests.first { $0.call == "POST /containers/\(container)/exec" })
      #expect(exec.json["User"] as? String == "0")
    }
  }

  @Test func theNetworkIsMadeOnce() async throws {
    try await DockerStub().run { runtime, calls, server in
      try await runtime.prepareInstance()
      #expect(calls().last == "POST /networks/create")
      #expect(server.requests.last?.json["Name"] as? String == "drydock-abc123def456")
    }
    let network = #"{"Id":"n","Name":"drydock-abc123def456","Driver":"bridge","Scope":"local"}"#
    let stub = DockerStub(answers: ["GET /networks/drydock-abc123def456": .reply(200, network)])
    try await stub.run { runtime, calls, _ in
      try await runtime.prepareInstance()
      #expect(calls() == ["GET /networks/drydock-abc123def456"])
      try await runtime.deleteInstance()
      #expect(calls().last == "DELETE /networks/drydock-abc123def456")
    }
  }

  @Test func aStopIsMarkedAndGivesTheEngineItsTime() async throws {
    let stub = DockerStub(answers: ["GET /containers/\(container)/json": .container()])
    try await stub.run { runtime, calls, server in
      let steps = [
        StopStage(.interrupt, .seconds(20)), StopStage(.quit, .seconds(5)), StopStage(.kill, .seconds(9)),
      ]
      try await runtime.stop("mem", steps: steps)
      #expect(calls().last == "POST /containers/\(container)/stop")
      #expect(server.requests.last?.query["t"] == "25")
      #expect(runtime.stopMark("mem").isSet)
    }
  }

  @Test func whatIsPausedGoesOnAndCanBeStopped() async throws {
    let stub = DockerStub(answers: ["GET /containers/\(container)/json": .container(status: "paused")])
    try await stub.run { runtime, calls, _ in
      try await runtime.goOn("mem")
      #expect(calls().last == "POST /containers/\(container)/unpause")
      try await runtime.stop("mem", steps: [])
      #expect(
        calls().suffix(2) == [
          "POST /containers/\(container)/unpause", "POST /containers/\(container)/stop",
        ])
    }
    try await DockerStub(answers: ["GET /containers/\(container)/json": .container()]).run {
      runtime, calls, _ in
      try await runtime.goOn("mem")
      #expect(calls().allSatisfy { $0.hasPrefix("GET") })
    }
  }

  @Test func whatDoesNotRunNeedsNoStop() async throws {
    let stub = DockerStub(answers: ["GET /containers/\(container)/json": .container(status: "exited")])
    for stub in [stub, DockerStub()] {
      try await stub.run { runtime, calls, _ in
        try await runtime.stop("mem", steps: [])
        #expect(calls().allSatisfy { $0.hasPrefix("GET") })
        #expect(!runtime.stopMark("mem").isSet)
      }
    }
  }

  /// Bug: a proxy forwarded to whoever took the port of a container that no longer ran.
  @Test(arguments: [
    ("running", 15001, ""), ("exited", 15001, "the container of mem does not run"),
    ("running", 15002, "the container of mem does not publish port 15001"),
  ])
  func aPortIsAContainersOwnWhileThatRunsAndPublishesIt(_ status: String, _ port: Int, _ reason: String)
    async throws
  {
    let stub = DockerStub(answers: [
      "GET /containers/\(container)/json": .container(status: status, port: port)
    ])
    try await stub.run { _, calls, server in
      let context = DrydockContext(
        environment: ["DOCKER_HOST": "unix://\(server.socketPath)"], currentDirectory: "/",
        home: StateHome(root: "/nowhere", engines: "/nowhere", sockets: "/nowhere"), catalog: .builtIn)
      var known = state()
      known.resources["mem"] = ResourceRecord(
        type: "memcached", administratorPassword: "", wantedVersion: "", options: [:])
      let published = PublishedPort(15001, of: "mem", RuntimeAccess(context: context, state: known))
      if !reason.isEmpty {
        let error = try await emulatorError { _ = try await published.run() }
        #expect(error.message == reason)
      } else {
        let run = try await published.run()
        #expect(run == "old 2025-01-02T03:04:05.678901234Z")
        let before = calls().count
        #expect(try await published.run() == run)
        // The engine is looked for once.
        #expect(calls().count == before + 1)
      }
    }
  }

  @Test(arguments: [(15001, true), (15002, false)])
  func aPortThatIsNotTheContainersProvesNothing(_ port: Int, _ isOurs: Bool) async throws {
    let stub = DockerStub(answers: ["GET /containers/\(container)/json": .container(port: port)])
    try await stub.run { runtime, _, _ in
      let engine = FakeEngine()
      let launch = Launch(
        spec: fake("mem", engine), engine: engine,
        request: ServerRequest(marker: "m", port: 15001, password: "", administratorPassword: ""),
        source: .local("fake:1.0"), hasVerifiedData: true)
      if isOurs {
        _ = try await runtime.identity(launch)
      } else {
        let error = try await emulatorError { _ = try await runtime.identity(launch) }
        #expect(error.message.contains("does not publish port 15001"))
      }
    }
  }

  @Test(arguments: [
    ("running", 0, nil as String?), ("exited", 1, "exit code 1"), ("exited", 139, "signal 11"),
  ])
  func whetherItLives(_ status: String, _ code: Int, _ reason: String?) async throws {
    let stub = DockerStub(answers: [
      "GET /containers/\(container)/json": .container(status: status, exitCode: code)
    ])
    try await stub.run { runtime, _, _ in
      let liveness = try await runtime.liveness("mem")
      #expect(liveness == reason.map { .dead(reason: $0) } ?? .alive)
      let other = try await runtime.liveness("other")
      #expect(other == .dead(reason: "its container is gone"))
    }
  }
}
