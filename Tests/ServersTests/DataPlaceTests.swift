import AppStateTestSupport
import ConvoxManifest
import DockerEngine
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import ServersTestSupport
import Testing

@testable import DrydockBase
@testable import Planning
@testable import Servers

/// Where a container's data lies, and that none is lost where an image has it elsewhere.
@Suite struct DataPlaceTests {
  private static let name = "drydock-abc123def456-mydb"
  private static let usual = "/var/lib/postgresql/data"
  private static let elsewhere = "/home/postgres/pgdata/data"
  private static let image = "GET /images/engine:1/json"
  private static let container = "GET /containers/\(name)/json"

  private func launch(port: Int = 15001, verified: Bool = true) throws -> Launch {
    let engine = try #require(ResourceCatalog.builtIn.engine("postgres")?.server)
    return Launch(
      spec: ResourceSpec(name: "mydb", engine: engine, version: "15", options: [:]), engine: engine,
      request: ServerRequest(
        marker: "drydock-abc123def456-mydb", port: port, password: "app's", administratorPassword: "secret",
        version: ServerVersion(in: "15.4")),
      source: ServerSource(.image("engine:1", isLocal: true), version: ServerVersion(in: "15.4")),
      hasVerifiedData: verified)
  }

  private func start(_ launch: Launch, on runtime: ContainerRuntime) async throws {
    try await runtime.start(launch, progress: { _ in }, until: .after(.seconds(30)))
  }

  private func image(_ data: String?, volumes: [String] = []) -> StubResponse {
    .image(
      "sha256:1", variable: "PG_VERSION=15.4", further: data.map { ["PGDATA=\($0)"] } ?? [], volumes: volumes)
  }

  /// `PGDATA`, the declared volumes, and where the volume is to be.
  static let places: [(String?, [String], String)] = [
    (nil, [], usual), (nil, [usual], usual), (usual, [usual], usual), (usual + "/", [usual], usual),
    ("/var/lib/postgresql/18/docker", ["/var/lib/postgresql"], "/var/lib/postgresql"),
    // Bug: the volume was mounted where nothing was kept, and the data went with its container.
    (elsewhere, [], elsewhere), (elsewhere, [usual], elsewhere),
    (elsewhere, ["/home/postgres/pgdata", usual], "/home/postgres/pgdata"),
    (elsewhere, [elsewhere + "/pg_wal"], elsewhere), ("no/path", [], usual), ("/", [], usual),
    ("", [], usual),
  ]

  @Test(arguments: places)
  func theVolumeIsMountedWhereTheImagesDataLies(_ data: String?, _ volumes: [String], _ target: String)
    async throws
  {
    try await DockerStub(answers: [Self.image: image(data, volumes: volumes)]).run { runtime, _, server in
      try await start(launch(verified: false), on: runtime)
      let body = try #require(server.requests.first { $0.call == "POST /containers/create" }).json
      let host = try #require(body["HostConfig"] as? [String: Any])
      let mounts = try #require(host["Mounts"] as? [[String: Any]])
      #expect(mounts.map { $0["Target"] as? String } == [target])
    }
  }

  /// Bug: exit 0 with an empty database.
  @Test func aFreshClusterInPlaceOfDataIsRefused() async throws {
    let stub = DockerStub(answers: [
      Self.image: image(nil), "HEAD /containers/made/archive": .reply(404),
    ])
    try await stub.run { runtime, calls, server in
      let error = try await emulatorError { try await start(launch(), on: runtime) }
      #expect(error.code == .dataMismatch)
      #expect(error.message.contains("(\(Self.usual)/PG_VERSION)"))
      #expect(error.suggestion?.contains("DRYDOCK_IMAGE_POSTGRES") == true)
      #expect(calls().last == "DELETE /containers/made")
      #expect(!calls().contains { $0.hasSuffix("/start") })
      let look = try #require(server.requests.first { $0.method == "HEAD" })
      #expect(look.query == ["path": "\(Self.usual)/PG_VERSION"])
    }
  }

  @Test func dataThatIsThereIsServed() async throws {
    let stub = DockerStub(answers: [
      Self.image: image(nil), "HEAD /containers/made/archive": .reply(200),
      "HEAD /containers/old/archive": .reply(200),
      Self.container: .container(
        status: "exited", configuration: "another", volume: (Self.name, Self.usual)),
    ])
    try await stub.run { runtime, calls, _ in
      try await start(launch(), on: runtime)
      #expect(calls().contains("DELETE /containers/old"))
      #expect(calls().last == "POST /containers/made/start")
    }
  }

  /// What a drydock made that mounted the volume elsewhere has its data in itself, and is not removed.
  @Test func aContainerWithDataInItselfIsNotRemoved() async throws {
    let stub = DockerStub(answers: [
      Self.image: image(Self.elsewhere), "HEAD /containers/old/archive": .reply(200),
      Self.container: .container(
        status: "exited", port: 15007, configuration: "another", environment: ["PGDATA=\(Self.elsewhere)"],
        volume: (Self.name, Self.usual)),
    ])
    try await stub.run { runtime, calls, _ in
      let error = try await emulatorError { try await start(launch(), on: runtime) }
      #expect(error.code == .dataMismatch)
      #expect(error.suggestion?.contains("--port mydb=15007") == true)
      #expect(!calls().contains { $0.hasPrefix("DELETE") || $0.hasPrefix("POST") })
    }
  }

  /// It goes on as it was made, with its data, whatever happens to its port.
  @Test func aContainerOfTheFormerMakeIsKept() async throws {
    var former: String?
    try await DockerStub(answers: [Self.image: image(nil)]).run { runtime, _, server in
      try await start(launch(), on: runtime)
      let body = try #require(server.requests.first { $0.call == "POST /containers/create" }).json
      former = (body["Labels"] as? [String: String])?["dev.drydock.configuration"]
    }
    let old = StubResponse.container(
      status: "exited", configuration: try #require(former), environment: ["PGDATA=\(Self.elsewhere)"],
      volume: (Self.name, Self.usual))
    let taken = StubResponse.reply(
      500, #"{"message":"driver failed: Bind for 127.0.0.1:15001 failed: port is already allocated"}"#)
    let answers = [Self.image: image(Self.elsewhere), Self.container: old, "GET /containers/old/json": old]
    for start in [StubResponse.reply(204), taken] {
      let stub = DockerStub(answers: answers.merging(["POST /containers/old/start": start]) { $1 })
      try await stub.run { runtime, calls, _ in
        do { try await self.start(launch(), on: runtime) } catch is PortTakenError {}
        #expect(calls().filter { !$0.hasPrefix("GET") }.last == "POST /containers/old/start")
        #expect(!calls().contains { $0.hasPrefix("DELETE") })
      }
    }
  }

  /// Bug: parallel workers had 64 MiB between them. No container is made anew for the sake of it.
  @Test func whatWorkersShareHasRoom() async throws {
    try await DockerStub(answers: [Self.image: image(nil)]).run { runtime, _, server in
      try await start(launch(verified: false), on: runtime)
      let request = try #require(server.requests.first { $0.call == "POST /containers/create" })
      #expect((request.json["HostConfig"] as? [String: Any])?["ShmSize"] as? Int == 1 << 30)
    }
  }
}
