package import AppState
import AppStateTestSupport
import DockerEngine
package import DrydockTestSupport
import Foundation
import MonotonicTime
package import Servers

/// The answers of a Docker engine by `METHOD /path`, or by `METHOD /path?FILE` for one of a container's files; what is not
/// named exists not, and may be made.
package struct DockerStub: Sendable {
  package var arch: String
  package var answers: [String: StubResponse]

  package init(arch: String = "amd64", answers: [String: StubResponse] = [:]) {
    (self.arch, self.answers) = (arch, answers)
  }

  package func handle(_ request: StubRequest) -> StubResponse {
    if request.path == "/_ping" { return .reply(200, "OK") }
    if request.path == "/version" {
      return .reply(
        200,
        #"{"Version":"27.3.1","ApiVersion":"1.47","MinAPIVersion":"1.24","Os":"linux","Arch":"\#(arch)"}"#)
    }
    let file = request.query["path"].flatMap { answers["\(request.call)?\($0)"] }
    return file ?? answers[request.call] ?? usual(request)
  }

  private func usual(_ request: StubRequest) -> StubResponse {
    switch (request.method, request.call) {
    case (_, "GET /images/json"), (_, "GET /containers/json"): .reply(200, "[]")
    case (_, "GET /volumes"): .reply(200, #"{"Volumes":[]}"#)
    case (_, "POST /containers/create"): .reply(201, #"{"Id":"made"}"#)
    case (_, "POST /networks/create"): .reply(201, #"{"Id":"net"}"#)
    case (_, "POST /volumes/create"): .reply(201, #"{"Name":"v","Driver":"local"}"#)
    case (_, "POST /images/create"): .stream([Array(#"{"status":"Download complete"}"#.utf8)])
    case ("GET", _): .reply(404, #"{"message":"there is none"}"#)
    case ("PUT", _): .reply(200)
    default: .reply(204)
    }
  }

  /// Runs a stub and the Docker runtime of an instance on it, which makes no image with data unless the environment says that
  /// `CI` is not set.
  package func run(
    environment: [String: String] = [:], state: InstanceState? = nil,
    _ body: (_ runtime: ContainerRuntime, _ calls: () -> [String], StubDockerServer) async throws -> Void
  ) async throws {
    try await TestHome.with { test in
      try await StubDockerServer.run(handle) { server in
        let client = try await DockerClient.connect(
          to: DockerEndpoint(socketPath: server.socketPath), until: .after(.seconds(30)))
        let runtime = ContainerRuntime(
          client: client, names: ResourceNames(id: "abc123def456", state: state),
          environment: ["CI": "true"].merging(environment) { $1 },
          stateFolder: try test.folder("state"))
        let greetings = server.requests.count
        try await body(runtime, { server.requests.dropFirst(greetings).map(\.call) }, server)
      }
    }
  }
}

extension StubRequest {
  /// Method and path without the version.
  package var call: String { "\(method) \(path.replacing("/v1.47", with: "", maxReplacements: 1))" }

  /// The body as a JSON object.
  package var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
  }
}

extension StubResponse {
  /// An image whose server says its version.
  package static func image(
    _ id: String, variable: String = "FAKE_VERSION=1.0.1", further: [String] = [], volumes: [String] = []
  ) -> StubResponse {
    let variables = ([variable] + further).map { "\"\($0)\"" }.joined(separator: ",")
    let volumes = volumes.map { "\"\($0)\":{}" }.joined(separator: ",")
    return .reply(
      200,
      #"{"Id":"\#(id)","Os":"linux","Architecture":"amd64","Config":{"Env":[\#(variables)],"Volumes":{\#(volumes)}}}"#
    )
  }

  /// Images in a listing: names and the versions on their labels.
  package static func images(_ versions: [String: String?]) -> StubResponse {
    let entries = versions.sorted { $0.key < $1.key }.map { name, version in
      let labels = version.map { #"{"dev.drydock.version":"\#($0)"}"# } ?? "{}"
      return #"{"Id":"sha256:\#(name)","RepoTags":["\#(name)"],"Labels":\#(labels)}"#
    }
    return .reply(200, "[\(entries.joined(separator: ","))]")
  }

  /// A container as `inspect` shows it.
  package static func container(
    status: String = "running", exitCode: Int = 0, outOfMemory: Bool = false, port: Int = 15001,
    configuration: String = "", environment: [String] = [], volume: (name: String, target: String)? = nil
  ) -> StubResponse {
    let variables = environment.map { "\"\($0)\"" }.joined(separator: ",")
    let mounts = volume.map {
      #"{"Type":"volume","Name":"\#($0.name)","Destination":"\#($0.target)","RW":true}"#
    }
    return .reply(
      200,
      """
      {"Id":"old","Name":"/drydock-abc123def456-mem","Image":"sha256:1",
      "State":{"Status":"\(status)","Running":\(["running", "paused"].contains(status)),"OOMKilled":\(outOfMemory),"ExitCode":\(exitCode),
      "Error":"","StartedAt":"2025-01-02T03:04:05.678901234Z"},
      "Config":{"Image":"fake:1.0","Env":[\(variables)],"Labels":{"dev.drydock.configuration":"\(configuration)"}},
      "HostConfig":{"PortBindings":{"7/tcp":[{"HostIp":"127.0.0.1","HostPort":"\(port)"}]}},
      "Mounts":[\(mounts ?? "")],
      "NetworkSettings":{"Ports":{"7/tcp":[{"HostIp":"127.0.0.1","HostPort":"\(port)"}]}}}
      """)
  }
}
