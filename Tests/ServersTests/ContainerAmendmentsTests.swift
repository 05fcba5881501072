import DockerEngine
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import ServersTestSupport
import Testing

@testable import Planning
@testable import Servers

/// Files of an image that say something else in a container, which the image does not hear of.
@Suite struct ContainerAmendmentsTests {
  private static let archive = "GET /containers/made/archive"
  private static let share = "/usr/share/postgresql/15"

  private func launch(hasData: Bool) throws -> Launch {
    let spec = try #require(try specs("resources:\n  mydb: { type: postgres }\n").first)
    return Launch(
      spec: spec, engine: try #require(spec.engine.server),
      request: ServerRequest(marker: "m", port: 15001, password: "a", administratorPassword: "b"),
      source: ServerSource(.image("engine:1", isLocal: true), version: nil), hasVerifiedData: hasData)
  }

  /// The engine's answer with files.
  private func files(_ files: [(name: String, text: String)]) throws -> StubResponse {
    var archive = TarArchive()
    for file in files { try archive.addFile(file.name, bytes: Array(file.text.utf8)) }
    return .stream([archive.bytes])
  }

  private func stub(_ more: [String: StubResponse] = [:], version: String = "15.4") throws -> DockerStub {
    let extensions = try files([
      ("extension/dblink.control", "relocatable = true\n"),
      ("extension/file_fdw.control", "relocatable = true\n"),
      ("extension/pg_stat_statements.control", "relocatable = true\n"),
    ])
    let answers: [String: StubResponse] = [
      "GET /images/engine:1/json": .image("sha256:1", variable: "PG_VERSION=\(version)"),
      "\(Self.archive)?\(Self.share)/extension": extensions,
      "\(Self.archive)?/usr/share/postgresql/postgresql.conf.sample": try files([
        ("postgresql.conf.sample", "shared_preload_libraries = 'timescaledb'\n")
      ]),
    ]
    return DockerStub(answers: answers.merging(more) { $1 })
  }

  /// What is put into the container.
  private func put(_ stub: DockerStub, hasData: Bool = false) async throws -> [String] {
    var bodies: [String] = []
    try await stub.run { runtime, _, server in
      try await runtime.start(launch(hasData: hasData), progress: { _ in }, until: .after(.seconds(30)))
      bodies = server.requests.filter { $0.method == "PUT" }.map { String(decoding: $0.body, as: UTF8.self) }
    }
    return bodies
  }

  @Test("RDS's extensions are trusted, and the library is loaded besides what the image loads")
  func amended() async throws {
    let bodies = try await put(stub())
    let body = try #require(bodies.first { $0.contains("drydock/amended") })
    #expect(body.contains("usr/share/postgresql/15/extension/dblink.control"))
    #expect(body.contains("relocatable = true\ntrusted = true\n"))
    #expect(!body.contains("file_fdw.control"))
    #expect(body.contains("shared_preload_libraries = 'timescaledb,pg_stat_statements'\n"))
  }

  /// A symbolic link, as the engine sends one.
  private func link(_ name: String, to target: String) throws -> [UInt8] {
    var archive = TarArchive()
    try archive.addFile(name, bytes: [])
    var bytes = archive.bytes
    bytes[156] = UInt8(ascii: "2")
    bytes.replaceSubrange(157..<157 + target.utf8.count, with: Array(target.utf8))
    return bytes
  }

  /// Bug: Debian's PostGIS has its control file behind one of /etc/alternatives, and stayed the superuser's.
  @Test("A control file behind links that lead out of the folder is amended where it is looked for")
  func alternatives() async throws {
    let (folder, alternative) = ("\(Self.share)/extension", "/etc/alternatives/postgresql-15-postgis.control")
    // The archive's end comes once, behind both.
    let linked = try link("extension/postgis.control", to: alternative).dropLast(1024)
    var others = TarArchive()
    try others.addFile("extension/dblink.control", bytes: Array("relocatable = true\n".utf8))
    let more: [String: StubResponse] = [
      "\(Self.archive)?\(folder)": .stream([Array(linked) + others.bytes]),
      "\(Self.archive)?\(folder)/postgis.control": .stream([try link("postgis.control", to: alternative)]),
      "\(Self.archive)?\(alternative)": .stream([
        try link("postgresql-15-postgis.control", to: "../../usr/share/real.control")
      ]),
      "\(Self.archive)?/etc/alternatives/../../usr/share/real.control": try files([
        ("real.control", "module_pathname = '$libdir/postgis-3'\n")
      ]),
    ]
    let body = try #require(try await put(stub(more)).first { $0.contains("drydock/amended") })
    #expect(body.contains("usr/share/postgresql/15/extension/postgis.control"))
    #expect(body.contains("module_pathname = '$libdir/postgis-3'\ntrusted = true\n"))
  }

  @Test("Data that is there keeps its settings")
  func withData() async throws {
    let body = try #require(try await put(stub(), hasData: true).first { $0.contains("drydock/amended") })
    #expect(body.contains("dblink.control") && !body.contains("shared_preload_libraries"))
  }

  @Test("A container is amended once, and an image of before 13 not at all")
  func once() async throws {
    let marked = ["\(Self.archive)?/drydock/amended": try files([("amended", "")])]
    #expect(try await !put(stub(marked)).contains { $0.contains("dblink.control") })
    #expect(try await !put(stub(version: "12.22")).contains { $0.contains("drydock/amended") })
  }

  @Test("An image whose files lie elsewhere serves as it is")
  func elsewhere() async throws {
    let missing = StubResponse.reply(404, #"{"message":"there is none"}"#)
    let bodies = try await put(stub(["\(Self.archive)?\(Self.share)/extension": missing]))
    #expect(bodies.contains { $0.contains("drydock/amended") })
    #expect(!bodies.contains { $0.contains("trusted") })
  }
}
