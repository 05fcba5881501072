import AppStateTestSupport
import ConvoxManifest
import Engines
import Testing

@testable import DrydockBase
@testable import Planning
@testable import Servers

@Suite struct NativeResolverTests {
  private static let mariadb = "mariadbd Ver %-MariaDB"
  private static let mysql = "mysqld Ver % for Linux"
  private static let postgres = "postgres (PostgreSQL) %"

  private func choose(
    _ type: String, _ version: String, from banners: [String], data: String? = nil, strict: Bool = false
  ) throws -> ServerSource {
    let engine = try #require(ResourceCatalog.builtIn.engine(type)?.server)
    let installations = try banners.map { banner in
      NativeInstallation(
        server: "/bin/\(banner)", tools: [:], version: try #require(ServerVersion(in: banner)), banner: banner
      )
    }
    return try NativeResolver(installations: installations).choose(
      ResourceSpec(name: "db", engine: engine, version: version, options: [:]), engine,
      data: data.flatMap(ServerVersion.init(in:)), strict: strict)
  }

  private func banners(_ pattern: String, _ versions: [String]) -> [String] {
    versions.map { pattern.replacing("%", with: $0) }
  }

  @Test(arguments: [
    ("15", ["13.5", "15.18", "17.2"], "15.18", false), ("12", ["13.5", "15.18"], "13.5", true),
    ("18", ["13.5", "15.18"], "15.18", true), ("15.18", ["15.18"], "15.18", false),
    ("15.1", ["15.18"], "15.18", true),
  ])
  func theBestVersionServes(_ wanted: String, _ found: [String], _ expected: String, _ drifts: Bool) throws {
    let source = try choose("postgres", wanted, from: banners(Self.postgres, found))
    #expect(source.version?.description == expected)
    #expect((source.drift != nil) == drifts)
    #expect(source.standIn == nil && source.isLocal)
  }

  @Test func driftSaysBothVersions() throws {
    let source = try choose("postgres", "12", from: banners(Self.postgres, ["15.18"]))
    #expect(source.drift == "postgres 12 is wanted, 15.18 is what is installed")
  }

  @Test func whatIsNotInstalledSaysWhatToInstall() async throws {
    let error = try await emulatorError { _ = try choose("postgres", "15", from: []) }
    #expect(error.code == .unavailable)
    #expect(error.message == "resource db: postgres is not installed on this machine")
    #expect(error.suggestion?.contains("postgresql") == true)
    #expect(error.suggestion?.hasSuffix(", or start Docker") == true)
  }

  @Test func dataDecidesOverTheManifest() async throws {
    let found = banners(Self.postgres, ["13.5", "15.18"])
    #expect(try choose("postgres", "15", from: found, data: "13.2").version?.description == "13.5")
    let error = try await emulatorError { _ = try choose("postgres", "15", from: found, data: "12.9") }
    #expect(error.code == .dataMismatch)
    #expect(error.message.contains("made by postgres 12.9, and no 12 is installed"))
    #expect(error.suggestion?.contains("--delete-data") == true)
  }

  @Test func mariadbStandsInWhereThereIsNoMySQL() async throws {
    let only = banners(Self.mariadb, ["10.11.6"])
    let source = try choose("mysql", "5.7", from: only)
    #expect(source.standIn == "mariadb")
    #expect(source.drift == "mariadb 10.11.6 stands in for mysql 5.7")
    let error = try await emulatorError { _ = try choose("mysql", "5.7", from: only, strict: true) }
    #expect(error.code == .unavailable)
    #expect(error.message.contains("stands in"))
    #expect(error.suggestion?.contains("--strict-version") == true)
  }

  @Test func theEngineItselfComesBeforeAnyStandIn() throws {
    let both = banners(Self.mariadb, ["5.7.1"]) + banners(Self.mysql, ["8.4.0"])
    let source = try choose("mysql", "5.7", from: both)
    #expect(source.standIn == nil)
    #expect(source.version?.description == "8.4.0")
  }

  @Test func strictlyOnlyTheWantedVersionServes() async throws {
    let found = banners(Self.postgres, ["15.18"])
    #expect(try choose("postgres", "15", from: found, strict: true).drift == nil)
    let error = try await emulatorError { _ = try choose("postgres", "12", from: found, strict: true) }
    #expect(error.code == .unavailable)
  }
}
