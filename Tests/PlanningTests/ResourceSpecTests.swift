import ConvoxManifest
import Engines
import ServersTestSupport
import Testing

@testable import AppState
@testable import Planning
@testable import Resources

@Suite struct ResourceSpecTests {
  @Test func joinsTheManifestWithTheEnginesDefaults() throws {
    let specs = try specs(
      """
      resources:
        mydb:
          type: postgres
          options: { version: "15.4", storage: 100 }
        cache: { type: redis }
        files:
          type: efs
          options: { path: /x }
      """)
    #expect(specs.map(\.name) == ["mydb", "cache", "files"])
    #expect(specs.map(\.type) == ["postgres", "redis", "efs"])
    #expect(specs.map(\.version) == ["15.4", "7.0", ""])
    #expect(specs[0].options["storage"] == "100")
    #expect(specs[0].options["backupRetentionPeriod"] == "1")
    #expect(specs[2].options["path"] == "/x")
    #expect(specs[2].options["owner-uid"] == "1000")
    #expect(specs.allSatisfy { $0.externalURL == nil && $0.image == nil })
  }

  @Test func takesAnotherRacksNamesAndImages() throws {
    let specs = try specs("resources:\n  db:\n    type: postgis\n    image: postgis/postgis:16\n")
    #expect(specs.first?.type == "postgres")
    #expect(specs.first?.image == "postgis/postgis:16")
  }

  @Test(arguments: [
    (["MY_DB_URL": "postgres://x"], "postgres://x" as String?), (["MY_DB_URL": ""], nil),
    (["MY_DB_URL": " \t"], nil),
    (["MYDB_URL": "x"], nil), (["my_db_URL": "x"], nil), ([:], nil),
  ])
  func aURLInTheAppEnvStandsInForIt(_ environment: [String: String], _ expected: String?) throws {
    let specs = try specs("resources:\n  my-db: { type: postgres }\n", environment)
    #expect(specs.first?.externalURL == expected)
  }

  @Test func aDirectoryHasNoURL() throws {
    let specs = try specs("resources:\n  files: { type: efs }\n", ["FILES_URL": "x"])
    #expect(specs.first?.externalURL == nil)
  }
}

/// `engine:` of redis: which of the two servers it is.
@Suite struct EngineOptionTests {
  private func spec(_ options: String) throws -> ResourceSpec {
    try #require(try specs("resources:\n  cache: { type: redis, options: { \(options) } }\n").first)
  }

  @Test func valkeyIsAnEngineOfItsOwn() throws {
    #expect(try spec("engine: valkey, version: \"8.0\"").product == "valkey")
    let server = try #require(try spec("engine: valkey, version: \"8.0\"").engine.server)
    #expect(server.versions.officialImage(for: "8.0").reference == "valkey/valkey:8.0")
    #expect(server.versions.officialImage(for: "7.0").reference == "valkey/valkey:7.2")
    #expect(try spec("engine: redis").product == "redis")
    #expect(try spec("encrypted: false").product == "redis")
  }

  /// Bug: the type was unknown, though racks have it.
  @Test func valkeyIsATypeOfItsOwn() throws {
    let spec = try #require(try specs("resources:\n  cache: { type: valkey }\n").first)
    let server = try #require(spec.engine.server)
    #expect(spec.type == "valkey" && spec.product == "valkey" && spec.version == "8.1")
    #expect(server.versions.officialImage(for: spec.version).reference == "valkey/valkey:8.1")
    #expect(server.understudy?.product == "redis")
    let kind = try ResourceCatalog.builtIn.kind("valkey")
    #expect(kind.parameters.contains { $0.name == "version" && $0.default == "8.1" })
    #expect(!kind.parameters.contains { $0.name == "engine" })
  }

  /// On AWS a parameter that is removed keeps its value, and so the engine stays.
  @Test func theDeployedEngineStays() throws {
    var record = ResourceRecord(
      type: "redis", administratorPassword: "", wantedVersion: "8.0", options: ["engine": "valkey"])
    record.dataVersion = "8.0.1"
    #expect(try spec("version: \"8.0\"").settled(over: record, in: .builtIn).0.product == "valkey")
  }

  @Test(arguments: [
    ("redis", "Redis server v=7.0.15", Acceptance.itself),
    ("redis", "Valkey server v=8.0.1", .standIn("valkey")),
    ("valkey", "Valkey server v=8.0.1", .itself), ("valkey", "Redis server v=7.2.4", .standIn("redis")),
    // Its data has a format that Valkey does not read.
    ("valkey", "Redis server v=7.4.0", .no),
  ])
  func whoServes(_ engine: String, _ banner: String, _ expected: Acceptance) throws {
    let installation = NativeInstallation(
      server: "/usr/bin/server", tools: [:], version: try #require(ServerVersion(in: banner)), banner: banner)
    #expect(try spec("engine: \(engine)").engine.server?.accepts(installation) == expected)
  }
}

@Suite struct EncryptionOptionTests {
  @Test func encryptedRedisIsSupported() throws {
    let text = "resources:\n  cache: { type: redis, options: { encrypted: true } }\n"
    #expect(try specs(text).first?.options["encrypted"] == "true")
  }

  /// Databases are encrypted at rest only, which nobody notices here.
  @Test func encryptionAtRestIsFine() throws {
    #expect(try specs("resources:\n  db:\n    type: mysql\n    options: { encrypted: true }\n").count == 1)
  }
}
