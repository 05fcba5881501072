import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import DockerEngine

@Suite struct ContainerTests {
  private func body(_ request: StubRequest) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
  }

  @Test func createsWithEverything() async throws {
    var config = ContainerConfig(image: "postgres:16", command: ["postgres", "-c", "fsync=off"])
    config.entrypoint = ["e.sh"]
    config.environment = ["A=b"]
    config.labels = ["l": "v"]
    config.exposedPorts = [ContainerPort(9, transport: "udp")]
    config.user = "70:70"
    config.mounts = [
      .volume(name: "data", target: "/var/lib/postgresql/data"),
      .bind(source: "/etc/x", target: "/x", readOnly: true), .tmpfs(target: "/t", size: 4096),
    ]
    config.portBindings = [PortBinding(hostPort: 5432, containerPort: ContainerPort(5432))]
    config.network = NetworkAttachment("net", aliases: ["db"])
    config.stopSignal = "SIGINT"
    config.stopTimeout = 20
    config.log = ContainerLog(maxSize: 1000, maxFiles: 3)
    config.sharedMemory = 1 << 28
    config.memory = 1 << 29
    config.hasInit = true
    config.addedCapabilities = ["SYS_NICE"]
    try await withClient(answer: { _ in .reply(201, #"{"Id":"c1","Warnings":[]}"#) }) {
      [config] client, server in
      let id = try await client.createContainer(
        name: "app-db", config, platform: Platform(architecture: "amd64"), until: .generous)
      #expect(id == "c1")
      let request = try #require(server.requests.last)
      #expect(request.method == "POST")
      #expect(request.path == "/v1.47/containers/create")
      #expect(request.query == ["name": "app-db", "platform": "linux/amd64"])
      #expect(request.header("content-type") == "application/json")
      let expected = """
        {"Cmd":["postgres","-c","fsync=off"],"Entrypoint":["e.sh"],"Env":["A=b"],
        "ExposedPorts":{"5432/tcp":{},"9/udp":{}},"Healthcheck":{"Test":["NONE"]},
        "HostConfig":{"CapAdd":["SYS_NICE"],"CapDrop":[],"Init":true,
        "LogConfig":{"Config":{"max-file":"3","max-size":"1000"},"Type":"json-file"},"Memory":536870912,
        "Mounts":[{"Source":"data","Target":"/var/lib/postgresql/data","Type":"volume"},
        {"ReadOnly":true,"Source":"/etc/x","Target":"/x","Type":"bind"},
        {"Target":"/t","TmpfsOptions":{"SizeBytes":4096},"Type":"tmpfs"}],"NetworkMode":"net",
        "PortBindings":{"5432/tcp":[{"HostIp":"127.0.0.1","HostPort":"5432"}]},"RestartPolicy":{"Name":"no"},
        "ShmSize":268435456},"Image":"postgres:16","Labels":{"l":"v"},
        "NetworkingConfig":{"EndpointsConfig":{"net":{"Aliases":["db"]}}},"StopSignal":"SIGINT","StopTimeout":20,
        "Tty":false,"User":"70:70"}
        """
      #expect(request.text == expected.replacing("\n", with: ""))
    }
  }

  @Test func createsWithLittle() async throws {
    try await withClient(answer: { _ in .reply(201, #"{"Id":"c1"}"#) }) { client, server in
      _ = try await client.createContainer(name: "x", ContainerConfig(image: "i"), until: .generous)
      let body = try body(try #require(server.requests.last))
      #expect(body["Cmd"] == nil)
      #expect(body["Entrypoint"] == nil)
      #expect(body["User"] == nil)
      #expect(body["NetworkingConfig"] == nil)
      #expect((body["HostConfig"] as? [String: Any])?["NetworkMode"] == nil)
    }
  }

  @Test(arguments: [
    (404, "No such image: i:latest", DockerError.Code.noSuchImage),
    (409, "Conflict. The container name \"/x\" is already in use", .conflict),
    (400, "invalid mount", .server(status: 400)),
  ])
  func saysWhyAContainerCannotBeMade(_ status: Int, _ message: String, _ expected: DockerError.Code)
    async throws
  {
    let body = String(decoding: try JSONEncoder().encode(["message": message]), as: UTF8.self)
    try await withClient(answer: { _ in .reply(status, body) }) { client, _ in
      let code = try await failure {
        _ = try await client.createContainer(name: "x", ContainerConfig(image: "i"), until: .generous)
      }
      #expect(code == expected)
    }
  }

  @Test func inspectsAContainer() async throws {
    let json = """
      {"Id":"c1","Name":"/app-db","Image":"sha256:9","RestartCount":2,
      "State":{"Status":"exited","Running":false,"OOMKilled":true,"Pid":0,"ExitCode":137,"Error":"",
      "StartedAt":"2025-01-01T00:00:00.123456789Z","FinishedAt":"0001-01-01T00:00:00Z","Health":{"Status":"x"}},
      "Config":{"Image":"postgres:16","Labels":{"l":"v"},"Env":["A=b"],"Tty":false},
      "HostConfig":{"PortBindings":{"5432/tcp":[{"HostIp":"127.0.0.1","HostPort":"5433"}],"1/udp":null}},
      "NetworkSettings":{"Ports":{"5432/tcp":[{"HostIp":"127.0.0.1","HostPort":"5433"}],"9/tcp":null},
      "Networks":{"net":{"NetworkID":"n1","IPAddress":"172.18.0.2","Aliases":["db"]}}},
      "Mounts":[{"Type":"volume","Name":"data","Source":"/v","Destination":"/d","RW":true},{"Type":"tmpfs","Destination":"/t"}]}
      """
    try await withClient(answer: { _ in .reply(200, json) }) { client, server in
      let container = try #require(try await client.inspectContainer("app-db", until: .generous))
      #expect(server.requests.last?.target == "/v1.47/containers/app-db/json")
      #expect(container.name == "app-db")
      #expect(container.imageID == "sha256:9")
      #expect(container.image == "postgres:16")
      #expect(container.restartCount == 2)
      #expect(container.state.status == .exited)
      #expect(!container.state.isRunning)
      #expect(container.state.exitCode == 137)
      #expect(container.state.wasOutOfMemory)
      #expect(container.state.pid == nil)
      #expect(container.state.startedAt == "2025-01-01T00:00:00.123456789Z")
      #expect(container.state.finishedAt == nil)
      #expect(container.portBindings == [PortBinding(hostPort: 5433, containerPort: ContainerPort(5432))])
      #expect(container.publishedPorts == container.portBindings)
      #expect(container.networks["net"]?.aliases == ["db"])
      #expect(container.mounts.map(\.target) == ["/d", "/t"])
      #expect(container.mounts.first?.name == "data")
    }
  }

  @Test func aContainerThatIsNotThereIsNil() async throws {
    try await withClient(answer: { _ in .reply(404, #"{"message":"No such container: x"}"#) }) { client, _ in
      let container = try await client.inspectContainer("x", until: .generous)
      #expect(container == nil)
      let code = try await failure { try await client.startContainer("x", until: .generous) }
      #expect(code == .notFound(.container))
    }
  }

  @Test func listsContainersAndTakesUnknownStates() async throws {
    let json = """
      [{"Id":"1","Names":["/other/alias","/one"],"Image":"i","State":"running","Labels":{"a":"b"}},
      {"Id":"2","Names":null,"Image":"i","State":"stopping","Labels":null}]
      """
    try await withClient(answer: { _ in .reply(200, json) }) { client, server in
      let containers = try await client.listContainers(labels: ["a": "b"], until: .generous)
      #expect(containers.map(\.name) == ["one", ""])
      #expect(containers.map(\.status) == [.running, .other])
      #expect(server.requests.last?.query == ["all": "true", "filters": #"{"label":["a=b"]}"#])
    }
  }

  @Test(arguments: [
    ("start", "POST /v1.47/containers/c/start"),
    ("stop", "POST /v1.47/containers/c/stop?t=3"),
    ("kill", "POST /v1.47/containers/c/kill?signal=SIGUSR1"),
    ("remove", "DELETE /v1.47/containers/c?force=true&v=true"),
  ])
  func acts(_ verb: String, _ expected: String) async throws {
    try await withClient(answer: { _ in .reply(204) }) { client, server in
      switch verb {
      case "start": try await client.startContainer("c", until: .generous)
      case "stop": try await client.stopContainer("c", timeout: 3, until: .generous)
      case "kill": try await client.killContainer("c", signal: "SIGUSR1", until: .generous)
      default: try await client.removeContainer("c", force: true, volumes: true, until: .generous)
      }
      let request = try #require(server.requests.last)
      #expect("\(request.method) \(request.target)" == expected)
    }
  }

  @Test func startingOneThatRunsIsNoError() async throws {
    try await withClient(answer: { _ in .raw("HTTP/1.1 304 Not Modified\r\n\r\n") }) { client, server in
      try await client.startContainer("c", until: .generous)
      #expect(server.requests.last?.path == "/v1.47/containers/c/start")
    }
  }

  @Test func waitsForTheExitCode() async throws {
    try await withClient(answer: { _ in .reply(200, #"{"StatusCode":3,"Error":null}"#) }) { client, server in
      let code = try await client.waitForContainer("c", until: .generous)
      #expect(code == 3)
      #expect(server.requests.last?.target == "/v1.47/containers/c/wait?condition=not-running")
    }
  }

  @Test func copiesAnArchive() async throws {
    try await withClient(answer: { _ in .reply(200) }) { client, server in
      try await client.putArchive([7, 8], into: "c", path: "/etc/conf d", until: .generous)
      let request = try #require(server.requests.last)
      #expect(
        "\(request.method) \(request.target)" == "PUT /v1.47/containers/c/archive?path=%2Fetc%2Fconf%20d")
      #expect(request.body == [7, 8])
    }
  }

  @Test func runsACommandAndWaitsForItsExitCode() async throws {
    // The first look finds the command still running, as it may be a moment after its output's end.
    let answers: StubDockerServer.Handler = { request in
      switch request.path {
      case "/v1.47/containers/c/exec": .reply(201, #"{"Id":"e1"}"#)
      case "/v1.47/exec/e1/start":
        .stream(
          [[1, 0, 0, 0, 0, 0, 0, 2], Array("hi".utf8), [2, 0, 0, 0, 0, 0, 0, 1, 33]],
          headers: ["Content-Type": "application/vnd.docker.raw-stream"])
      case "/v1.47/exec/e1/json": .reply(200, #"{"Running":false,"ExitCode":4}"#)
      default: .reply(404)
      }
    }
    try await withClient(answer: answers) { client, server in
      var config = DockerClient.ExecConfig(["sh", "-c", "x"])
      config.user = "postgres"
      let result = try await client.exec(config, in: "c", until: .generous)
      #expect(result.exitCode == 4)
      #expect(result.stdout == Array("hi".utf8))
      #expect(result.stderr == Array("!".utf8))
      let sent = server.requests.dropFirst(2)
      #expect(
        sent.map(\.text) == [
          #"{"AttachStderr":true,"AttachStdin":false,"AttachStdout":true,"Cmd":["sh","-c","x"],"Env":[],"Tty":false,"User":"postgres"}"#,
          #"{"Detach":false,"Tty":false}"#, "",
        ])
    }
  }
}
