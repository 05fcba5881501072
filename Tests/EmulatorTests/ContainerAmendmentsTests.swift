import DockerEngine
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import Testing

@testable import Emulator
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
