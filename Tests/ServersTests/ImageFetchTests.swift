import AppStateTestSupport
import ConvoxManifest
import DockerEngine
import DrydockTestSupport
import Engines
import Foundation
import ServersTestSupport
import Synchronization
import Testing

@testable import DrydockBase
@testable import MonotonicTime
@testable import Planning
@testable import Servers

/// Images that are not there when they are chosen, from a stub's registry.
@Suite struct ImageFetchTests {
  private func spec(_ type: String, _ version: String) throws -> ResourceSpec {
    ResourceSpec(
      name: "db", engine: try #require(ResourceCatalog.builtIn.engine(type)), version: version, options: [:])
  }

  private func fetch(
    _ spec: ResourceSpec, on runtime: ContainerRuntime, data: String? = nil, strict: Bool = false
  ) async throws -> ServerSource {
    let source = try await runtime.resolve(spec, data: nil, strict: strict)
    return try await runtime.fetch(
      source, for: spec, data: data.flatMap(ServerVersion.init(in:)), strict: strict, progress: { _ in })
  }

  /// Bug: tags that exist nowhere were pulled.
  @Test(arguments: [
    ("redis", "7.3", "redis:7", "REDIS_VERSION=7.4.2", ["7.3", "7"]),
    ("redis", "7.1", "redis:7.2", "REDIS_VERSION=7.2.7", ["7.2"]),
    ("redis", "6.x", "redis:6", "REDIS_VERSION=6.2.17", ["6"]),
    ("mysql", "5.7.44-RDS.20240408", "mysql:5.7.44", "MYSQL_VERSION=5.7.44-1.el7", ["5.7.44"]),
    ("mysql", "5.7.99-rds.20270408", "mysql:5.7", "MYSQL_VERSION=5.7.44-1.el7", ["5.7.99", "5.7"]),
    ("postgres", "11.22-rds.20240509", "postgres:11.22", "PG_VERSION=11.22-1.pgdg120+1", ["11.22"]),
    ("postgres", "9.6.99", "postgres:9.6", "PG_VERSION=9.6.24-1.pgdg90+1", ["9.6.99", "9.6"]),
  ])
  func aVersionOfAWSIsServedByTheNearest(
    _ type: String, _ version: String, _ image: String, _ variable: String, _ expected: [String]
  ) async throws {
    try await DockerStub.withRegistry([image: variable]) { runtime, pulls, _ in
      let wanted = try spec(type, version)
      let source = try await fetch(wanted, on: runtime)
      #expect(pulls() == expected)
      #expect(source.origin == .image(image, isLocal: true))
      #expect(source.drift?.contains("is nearest") == true)
      let running = try #require(source.version)
      #expect(
        Drift.describe(wanted, running: running.description, standIn: nil)?.contains("is wanted") == true)
    }
  }

  /// The data would not be what it was in another series.
  @Test(arguments: [("mysql", "8.9", false), ("redis", "7.3", true), ("postgres", "12-alpine", false)])
  func nothingElseIsPulled(_ type: String, _ version: String, _ strict: Bool) async throws {
    try await DockerStub.withRegistry(["mysql:8": "", "redis:7": "", "postgres:12": ""]) {
      runtime, pulls, _ in
      let error = try await #require(throws: DockerError.self) {
        try await fetch(spec(type, version), on: runtime, strict: strict)
      }
      #expect(error.code == .noSuchImage)
      #expect(pulls() == [version])
    }
  }

  /// Bug: a replica was spoken to in the words of an unknown version, and every container made anew at the second `up`.
  @Test func whatANamedImageHoldsIsKnownBeforeItStarts() async throws {
    try await DockerStub.withRegistry(
      ["mine:latest": "MYSQL_VERSION=8.4.5-1.el9"], environment: ["DRYDOCK_IMAGE_MYSQL": "mine:latest"]
    ) { runtime, _, _ in
      let wanted = try spec("mysql", "8.4")
      #expect(try await runtime.resolve(wanted, data: nil, strict: false).version == nil)
      let source = try await fetch(wanted, on: runtime)
      #expect(source.version?.description == "8.4.5" && source.isLocal)
    }
  }

  @Test func dataThatANamedImageCannotServeIsRefusedOnceThatIsKnown() async throws {
    try await DockerStub.withRegistry(
      ["mine:latest": "MYSQL_VERSION=8.4.5-1.el9"], environment: ["DRYDOCK_IMAGE_MYSQL": "mine:latest"]
    ) { runtime, pulls, _ in
      let wanted = try spec("mysql", "8.4")
      let error = try await emulatorError { _ = try await fetch(wanted, on: runtime, data: "8.0.30") }
      #expect(error.code == .dataMismatch)
      #expect(pulls() == ["latest"])
    }
  }

  @Test func anImageThatDoesNotSayItIsAsked() async throws {
    let words = Array("mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu\n".utf8)
    try await DockerStub.withRegistry(
      ["mine:latest": "A=b"], environment: ["DRYDOCK_IMAGE_MARIADB": "mine:latest"],
      answers: [
        "POST /containers/made/wait": .reply(200, #"{"StatusCode":0}"#),
        "GET /containers/made/logs": .stream([[1, 0, 0, 0, 0, 0, 0, UInt8(words.count)] + words]),
      ]
    ) { runtime, _, server in
      let wanted = try spec("mariadb", "10.11")
      #expect(try await fetch(wanted, on: runtime).version?.description == "10.11.6")
      let made = try #require(server.requests.first { $0.call == "POST /containers/create" }).json
      #expect(made["Entrypoint"] as? [String] == ["sh", "-c"])
      #expect((made["Cmd"] as? [String])?.first?.hasSuffix(#"exec "$server" --version"#) == true)
      #expect(server.requests.last?.call == "DELETE /containers/made")
      // What is data of 10.5 stays that.
      let error = try await emulatorError { _ = try await fetch(wanted, on: runtime, data: "10.5.29") }
      #expect(error.code == .dataMismatch)
    }
  }

  /// Bug: an image that was made from an older one, with a newer server put in, was refused its own data for what it says of
  /// itself, and given data of the older server, which is no longer that one's afterwards.
  @Test(arguments: [
    ("valkey", "VALKEY_VERSION=8.1.3", "Server v=9.1.2 sha=00000000:0 malloc=jemalloc", "9.1.2", "9.1.2"),
    ("mariadb", "MARIADB_VERSION=10.5.20", "mariadbd  Ver 10.11.6-MariaDB", "10.5.29", nil),
    ("mariadb", "MARIADB_VERSION=10.5.20", "mariadbd  Ver 10.5.29-MariaDB", "10.5.29", "10.5.29"),
    ("postgres", "PG_VERSION=15.4-1.pgdg120+1", "no shell", "15.3", "15.4"),
  ]) func dataIsEntrustedToTheServersOwnWord(
    _ type: String, _ variable: String, _ answer: String, _ data: String, _ expected: String?
  ) async throws {
    let words = Array(answer.utf8)
    let stub = DockerStub(answers: [
      "GET /images/mine:1/json": .image("sha256:9", variable: variable),
      "POST /containers/made/start": answer == "no shell"
        ? .reply(400, #"{"message":"exec: sh: executable file not found"}"#) : .reply(204),
      "POST /containers/made/wait": .reply(200, #"{"StatusCode":0}"#),
      "GET /containers/made/logs": .stream([[1, 0, 0, 0, 0, 0, 0, UInt8(words.count)] + words]),
    ])
    try await stub.run(environment: ["DRYDOCK_IMAGE_\(type.uppercased())": "mine:1"]) { runtime, _, _ in
      let wanted = try spec(type, "1")
      let data = try #require(ServerVersion(in: data))
      let found = { @Sendable in
        let source = try await runtime.resolve(wanted, data: data, strict: false)
        return try await runtime.fetch(
          source, for: wanted, data: data, strict: false, progress: { _ in }
        ).version?.description
      }
      guard let expected else {
        let error = try await emulatorError { _ = try await found() }
        #expect(error.code == .dataMismatch && error.message.contains("10.11.6"))
        return
      }
      #expect(try await found() == expected)
    }
  }

  @Test func anImageThatServedTheDataIsNotAskedAgain() async throws {
    let stub = DockerStub(answers: [
      "GET /images/mine:1/json": .image("sha256:1", variable: "VALKEY_VERSION=8.1.3"),
      "GET /containers/drydock-abc123def456-db/json": .container(status: "exited"),
    ])
    try await stub.run(environment: ["DRYDOCK_IMAGE_VALKEY": "mine:1"]) { runtime, calls, _ in
      let wanted = try spec("valkey", "8.1")
      let source = try await runtime.resolve(wanted, data: ServerVersion(in: "9.1.2"), strict: false)
      #expect(source.version?.description == "9.1.2")
      #expect(!calls().contains("POST /containers/create"))
    }
  }

  /// Bug: an image that was named while its server ran was passed over without a word.
  @Test(arguments: [
    ("exited", "sha256:9", false), ("running", "sha256:9", true), ("running", "sha256:1", false),
  ])
  func anImageThatIsNamedWhileItRunsIsStarted(_ status: String, _ image: String, _ isChanged: Bool)
    async throws
  {
    let stub = DockerStub(answers: [
      "GET /images/mine:1/json": .image(image, variable: "PG_VERSION=15.4"),
      "GET /containers/drydock-abc123def456-db/json": .container(status: status),
    ])
    try await stub.run(environment: ["DRYDOCK_IMAGE_POSTGRES": "mine:1"]) { runtime, _, _ in
      let reasons = try await runtime.changedImages([spec("postgres", "15")])
      #expect(reasons == (isChanged ? ["db": "image mine:1 is wanted now"] : [:]))
    }
    try await stub.run { runtime, _, _ in
      let reasons = try await runtime.changedImages([spec("postgres", "15")])
      #expect(reasons.isEmpty)
    }
  }
}
