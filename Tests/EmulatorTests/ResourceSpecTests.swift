import ConvoxManifest
import Engines
import Testing

@testable import Emulator

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

@Suite struct NotSupportedYetTests {
  private static let encrypted = """
    resources:
      cache:
        type: redis
        options:
          encrypted: true
    """
  private static let valkey = """
    resources:
      cache:
        type: redis
        options: { engine: valkey }
    """

  @Test(arguments: [
    (valkey, "convox.yml:4:24: resource cache: ", "engine")
  ])
  func isRefusedWhereItStands(_ text: String, _ place: String, _ option: String) throws {
    let error = try #require(throws: ManifestError.self) { _ = try specs(text) }
    let finding = try #require(error.diagnostics.first)
    #expect("\(finding.location): \(finding.message)".hasPrefix(place))
    #expect(finding.message.hasSuffix("is not supported yet"))
    #expect(finding.suggestion?.contains(option) == true)
  }

  @Test func whatRunsElsewhereIsNotRefused() throws {
    #expect(try specs(Self.valkey, ["CACHE_URL": "rediss://x"]).first?.externalURL == "rediss://x")
  }

  @Test func encryptedRedisIsSupported() throws {
    #expect(try specs(Self.encrypted).first?.options["encrypted"] == "true")
  }

  @Test func whatIsSetToItsDefaultIsNotRefused() throws {
    let text = "resources:\n  cache:\n    type: redis\n    options: { encrypted: false, engine: redis }\n"
    #expect(try specs(text).count == 1)
  }

  /// Databases are encrypted at rest only, which nobody notices here.
  @Test func encryptionAtRestIsFine() throws {
    #expect(try specs("resources:\n  db:\n    type: mysql\n    options: { encrypted: true }\n").count == 1)
  }
}
