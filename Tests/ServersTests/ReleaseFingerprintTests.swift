import AppStateTestSupport
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import ServersTestSupport
import Testing
import TransportSecurity

@testable import AppState
@testable import Planning
@testable import Servers

/// What the first release wrote down: containers, volumes and folders of it are found again by these alone. A test that
/// fails here means that every existing container would be made anew, or that existing data would not be found.
@Suite struct ReleaseFingerprintTests {
  private static let id = "abc123def456"

  /// A container of the first release: what it was made from, and the label that it carries.
  struct Case: Sendable, CustomTestStringConvertible {
    let type: String
    var version = "1.0"
    var options = ""
    var security: TransportPolicy?
    var isReplica = false
    let fingerprint: String
    var testDescription: String { "\(type) \(version) \(options)\(isReplica ? " replica" : "")" }
  }

  static let cases = [
    Case(type: "postgres", version: "12", security: .optional, fingerprint: "2543u482l443c"),
    Case(type: "postgres", version: "15", security: .required, fingerprint: "22j8toz3jv4be"),
    Case(type: "postgres", version: "15", isReplica: true, fingerprint: "1lnskgszejfeo"),
    Case(type: "mysql", version: "8.0", security: .optional, fingerprint: "33gbfwn8o4ji1"),
    Case(type: "mysql", version: "5.7", isReplica: true, fingerprint: "zdov4ykh9lyk"),
    Case(type: "mariadb", version: "10.11", security: .optional, fingerprint: "eiui7kexpeeb"),
    Case(type: "redis", version: "7.0", fingerprint: "1e7259ayyccht"),
    Case(
      type: "redis", version: "7.0", options: "encrypted: true", security: .required,
      fingerprint: "1e7259ayyccht"),
    Case(type: "redis", version: "7.2", options: "engine: valkey", fingerprint: "3gfhyfbzob8c0"),
    Case(type: "memcached", version: "1.6", fingerprint: "1ejek2jo0y8vp"),
  ]

  private func launch(_ case: Case) throws -> Launch {
    let text = """
      resources:
        mydb:
          type: \(`case`.type)
          options: { version: "\(`case`.version)"\(`case`.options.isEmpty ? "" : ", " + `case`.options) }
      """
    let spec = try #require(try specs(text).first)
    let engine = try #require(spec.engine.server)
    var request = ServerRequest(
      marker: state(Self.id).marker(of: "mydb"), port: 15001, password: "app's",
      administratorPassword: "secret", options: spec.options, version: ServerVersion(in: `case`.version))
    request.security = `case`.security.map {
      ServerSecurity(
        policy: $0, authorityFile: "/home/ca.crt",
        identity: KeyedCertificate(certificate: "certificate", privateKey: "key"))
    }
    if `case`.isReplica {
      request.replica = ReplicaLink(
        host: "source", port: engine.standardPort, name: "drydock_mydb", administratorPassword: "secret",
        password: "replica's")
    }
    return Launch(
      spec: spec, engine: engine, request: request,
      source: ServerSource(.image("engine:1", isLocal: true), version: ServerVersion(in: `case`.version)),
      hasVerifiedData: true)
  }

  @Test(arguments: cases)
  func aContainerKeepsItsFingerprint(_ case: Case) async throws {
    let stub = DockerStub(answers: ["GET /images/engine:1/json": .image("sha256:1", variable: "A=b")])
    try await stub.run { runtime, _, server in
      try await runtime.start(launch(`case`), progress: { _ in }, until: .after(.seconds(30)))
      let request = try #require(server.requests.first { $0.call == "POST /containers/create" })
      #expect(request.query["name"] == "drydock-abc123def456-mydb")
      let labels = try #require(request.json["Labels"] as? [String: String])
      #expect(
        labels == [
          "dev.drydock.instance": Self.id, "dev.drydock.resource": "mydb",
          "dev.drydock.configuration": `case`.fingerprint,
        ])
    }
  }

  @Test func aVolumeKeepsItsNameAndLabels() async throws {
    let stub = DockerStub(answers: [
      "GET /images/engine:1/json": .image("sha256:1", variable: "PG_VERSION=15.4")
    ])
    try await stub.run { runtime, _, server in
      let wanted = try #require(Self.cases.first)
      try await runtime.start(launch(wanted), progress: { _ in }, until: .after(.seconds(30)))
      let body = try #require(server.requests.first { $0.call == "POST /volumes/create" }).json
      #expect(body["Name"] as? String == "drydock-abc123def456-mydb")
      #expect(
        body["Labels"] as? [String: String] == [
          "dev.drydock.instance": Self.id, "dev.drydock.resource": "mydb", "dev.drydock.version": "15.4",
        ])
    }
  }

  /// By these a server is known as ours, and where it lies.
  @Test func markersAndFoldersStay() {
    #expect(state(Self.id).marker(of: "My_DB") == "drydock-abc123def456-my-db-1og39xvr9c8bq")
    #expect(
      state(Self.id).marker(of: String(repeating: "x", count: 70))
        == "drydock-abc123def456-xxxxxxxxxxxxxxxxxxxxxxxxx-18gvhg8jmmorh")
    #expect(state(Self.id).replicaName(of: "My-DB") == "drydock_my_db_i8p6vhn0hu2w")
    let home = StateHome(root: "/h", engines: "/h/engines", sockets: "/s")
    #expect(home.instance(Self.id) == "/h/instances/abc123def456")
    #expect(home.resource("My_DB", of: Self.id) == "/h/engines/abc123def456/my-db-1og39xvr9c8bq")
    #expect(home.socketFolder("mydb", of: Self.id) == "/h/engines/abc123def456/mydb/sockets")
    #expect(home.ports == "/h/ports")
  }
}
