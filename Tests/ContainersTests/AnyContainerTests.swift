import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import Containers

/// A container that is no database: a web server, say.
@Suite struct AnyContainerTests {
  private static let id = "abc123def456"
  private static let names = ContainerNames(id: id)

  private func config(_ image: String = "sha256:web", port: Int = 15001) -> ContainerConfig {
    var config = ContainerConfig(image: image, command: ["serve", "--verbose"])
    config.portBindings = [PortBinding(hostPort: port, containerPort: ContainerPort(80))]
    config.network = NetworkAttachment(Self.names.network, aliases: ["web"])
    config.labels = Self.names.labels("web", .service)
    return config
  }

  /// Runs a stub that has these answers, by `METHOD /path`, and makes whatever else it is asked for.
  private func withContainers(
    _ answers: [String: StubResponse] = [:],
    _ body: (InstanceContainers, _ calls: () -> [String], StubDockerServer) async throws -> Void
  ) async throws {
    let engine = StubDockerServer.engine { request in
      if let answer = answers[Self.call(request)] { return answer }
      return switch (request.method, Self.call(request)) {
      case (_, "POST /containers/create"): .reply(201, #"{"Id":"made"}"#)
      case (_, "POST /networks/create"): .reply(201, #"{"Id":"net"}"#)
      case ("GET", _): .reply(404, #"{"message":"there is none"}"#)
      case ("PUT", _): .reply(200)
      default: .reply(204)
      }
    }
    try await StubDockerServer.run(engine) { server in
      let client = try await DockerClient.connect(
        to: DockerEndpoint(socketPath: server.socketPath), until: .after(.seconds(30)))
      let greetings = server.requests.count
      try await body(
        InstanceContainers(client: client, names: Self.names),
        { server.requests.dropFirst(greetings).map(Self.call) }, server)
    }
  }

  private static func call(_ request: StubRequest) -> String {
    "\(request.method) \(request.path.replacing("/v1.47", with: "", maxReplacements: 1))"
  }

  private func body(_ call: String, _ server: StubDockerServer) throws -> [String: Any] {
    let request = try #require(server.requests.last { Self.call($0) == call })
    return try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
  }

  /// What `ensure` writes on a container of this configuration.
  private func fingerprint(_ config: ContainerConfig) async throws -> String {
    var found = ""
    try await withContainers { containers, _, server in
      _ = try await containers.ensure("any", config, until: containers.soon)
      let labels = try body("POST /containers/create", server)["Labels"] as? [String: String]
      found = labels?[ContainerNames.configurationLabel] ?? ""
    }
    return found
  }

  private func existing(_ fingerprint: String, hostname: String = "") -> StubResponse {
    .reply(
      200,
      """
      {"Id":"old","Name":"/it","Image":"sha256:web","State":{"Status":"exited","Running":false,"OOMKilled":false,
      "ExitCode":0,"Error":"","StartedAt":"2025-01-02T03:04:05.678901234Z"},
      "Config":{"Image":"web","Hostname":"\(hostname)","Labels":{"\(ContainerNames.configurationLabel)":"\(fingerprint)"}},
      "NetworkSettings":{"Ports":{},"Networks":{}}}
      """)
  }

  @Test func aServiceAndAResourceOfOneNameAreTwoContainers() {
    #expect(Self.names.container("web", .resource) == "drydock-abc123def456-web")
    #expect(Self.names.container("web", .service) == "drydock-abc123def456-service.web")
    // Whatever a resource is called.
    #expect(Self.names.container("service.web", .resource) != Self.names.container("web", .service))
    #expect(
      Self.names.labels("web", .service)
        == ["dev.drydock.instance": Self.id, "dev.drydock.service": "web"])
  }

  @Test func itIsMadeInTheInstancesNetworkAndStarted() async throws {
    try await withContainers { containers, calls, server in
      try await containers.makeNetwork()
      let name = Self.names.container("web", .service)
      let made = try await containers.ensure(name, config(), until: containers.soon)
      try await containers.put(
        [ContainerFile("/run/settings", Array("a=b".utf8), mode: 0o600)], into: made, folder: "run",
        until: containers.soon)
      try await containers.start(made, until: containers.soon)
      #expect(
        calls().filter { !$0.hasPrefix("GET") } == [
          "POST /networks/create", "POST /containers/create", "PUT /containers/made/archive",
          "POST /containers/made/start",
        ])
      let request = try #require(server.requests.first { Self.call($0) == "POST /containers/create" })
      #expect(request.query["name"] == name)
      let text = String(decoding: request.body, as: UTF8.self)
      #expect(text.contains(#""drydock-abc123def456":{"Aliases":["web"]}"#))
      #expect(text.contains(#""PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"15001"}]}"#))
      let labels = try body("POST /containers/create", server)["Labels"] as? [String: String]
      #expect(labels?["dev.drydock.service"] == "web" && labels?["dev.drydock.instance"] == Self.id)
    }
  }

  @Test func theSameConfigurationIsTheSameContainer() async throws {
    let name = Self.names.container("web", .service)
    let answers = ["GET /containers/\(name)/json": existing(try await fingerprint(config()))]
    try await withContainers(answers) { containers, calls, _ in
      let found = try await containers.ensure(name, config(), until: containers.soon) { _ in
        Issue.record("nothing is to be prepared")
      }
      #expect(found == "old")
      #expect(calls().allSatisfy { $0.hasPrefix("GET") }, "\(calls())")
    }
  }

  @Test func whatCannotBeChangedMakesItAnew() async throws {
    let name = Self.names.container("web", .service)
    var user = config()
    user.user = "1000"
    var entrypoint = config()
    entrypoint.entrypoint = ["sh", "-c"]
    for other in [config("sha256:newer"), config(port: 15002), user, entrypoint] {
      let answers = ["GET /containers/\(name)/json": existing(try await fingerprint(other))]
      try await withContainers(answers) { containers, calls, _ in
        let made = try await containers.ensure(name, config(), until: containers.soon)
        #expect(made == "made")
        #expect(
          calls().filter { !$0.hasPrefix("GET") } == [
            "DELETE /containers/old", "POST /containers/create",
          ])
      }
    }
  }

  /// Bug: MySQL names its relay logs after the host, and a replica whose container was made anew could not find them.
  @Test(arguments: [("0123456789ab", "0123456789ab"), (nil, "steady")] as [(String?, String)])
  func aNewOneHasTheHostNameOfTheOneBeforeIt(_ before: String?, _ expected: String) async throws {
    let name = Self.names.container("web", .service)
    let answers = before.map { ["GET /containers/\(name)/json": existing("another", hostname: $0)] } ?? [:]
    try await withContainers(answers) { containers, _, server in
      _ = try await containers.ensure(name, config(), hostname: "steady", until: containers.soon)
      let made = try body("POST /containers/create", server)
      #expect(made["Hostname"] as? String == expected)
      // Containers that exist are not made anew for it.
      let labels = made["Labels"] as? [String: String]
      let usual = try await fingerprint(config())
      #expect(labels?[ContainerNames.configurationLabel] == usual)
    }
  }

  @Test func aTakenPortTakesTheContainerAway() async throws {
    let taken = StubResponse.reply(
      500, #"{"message":"driver failed: Bind for 127.0.0.1:15001 failed: port is already allocated"}"#)
    try await withContainers(["POST /containers/made/start": taken]) { containers, calls, _ in
      let error = await #expect(throws: DockerError.self) {
        try await containers.start("made", until: containers.soon)
      }
      guard case .portTaken = error?.code else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(calls().last == "DELETE /containers/made")
    }
  }

  @Test func onlyOneKindIsRemoved() async throws {
    let list = StubResponse.reply(
      200,
      """
      [{"Id":"a","Names":["/a"],"Image":"i","State":"running","Labels":{"dev.drydock.service":"web"}},
      {"Id":"b","Names":["/b"],"Image":"i","State":"running","Labels":{"dev.drydock.resource":"web"}}]
      """)
    try await withContainers(["GET /containers/json": list]) { containers, calls, _ in
      try await containers.removeAll(.service)
      #expect(calls().filter { !$0.hasPrefix("GET") } == ["DELETE /containers/a"])
    }
  }
}
