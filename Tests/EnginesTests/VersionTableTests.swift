import ConvoxManifest
import Testing

@testable import Engines

@Suite struct VersionTableTests {
  @Test(arguments: [
    ("postgres", "12", "postgres:12"), ("postgres", "15.4", "postgres:15.4"),
    ("mysql", "5.7", "mysql:5.7"), ("mysql", "8.0", "mysql:8.0"), ("mariadb", "10.11", "mariadb:10.11"),
    ("redis", "7.0", "redis:7.0"), ("memcached", "1.6", "memcached:1.6"),
    // Not a version of its own only because it begins with the same digits.
    ("redis", "20.1", "redis:20.1"), ("memcached", "1.41", "memcached:1.41"),
  ])
  func theOfficialTag(_ type: String, _ version: String, _ expected: String) throws {
    let (reference, note) = try #require(server(type)).versions.officialImage(for: version)
    #expect(reference == expected)
    #expect(note == nil)
  }

  @Test(arguments: [
    ("redis", "2.8.24", "redis:5.0"), ("redis", "3.2.6", "redis:5.0"), ("redis", "3", "redis:5.0"),
    ("memcached", "1.4", "memcached:1.5"), ("memcached", "1.4.34", "memcached:1.5"),
  ])
  func aSubstituteSaysWhy(_ type: String, _ version: String, _ expected: String) throws {
    let (reference, note) = try #require(server(type)).versions.officialImage(for: version)
    #expect(reference == expected)
    #expect(note?.contains("no longer pulls") == true)
  }

  @Test(arguments: [
    ("6.x", "6" as String?), ("5.7.44-RDS.20240408", "5.7.44"), ("11.22-rds.20240509", "11.22"),
    ("12.3-R1", "12.3"), ("15", nil), ("5.7.22", nil), ("15-alpine", nil), ("8.0-oracle", nil), ("x", nil),
  ])
  func whatAWSAloneSpells(_ version: String, _ numbers: String?) {
    #expect(AWSVersion.numbers(of: version) == numbers)
  }

  @Test(arguments: [
    ("mysql", "5.7", false), ("mysql", "5.7.22", false), ("mysql", "5.6", false), ("mysql", "8.0", true),
    ("mysql", "5.70", true), ("postgres", "12", true), ("mariadb", "10.4", true), ("redis", "7.0", true),
    ("memcached", "1.5", true),
  ])
  func knowsWhatARM64Lacks(_ type: String, _ version: String, _ expected: Bool) throws {
    #expect(try #require(server(type)).versions.hasARM64(version) == expected)
  }

  @Test(arguments: [
    ("postgres", "15.18", "15"), ("mysql", "8.0.36", "8.0"), ("mariadb", "10.11.6", "10.11"),
    ("redis", "7.0.15", "7"), ("memcached", "1.6.18", "1.6"), ("mariadb", "11", "11"),
  ])
  func theSeriesInsideWhichDataFits(_ type: String, _ version: String, _ expected: String) throws {
    let table = try #require(server(type)).versions
    #expect(table.series(of: try #require(ServerVersion(in: version))) == expected)
  }

  @Test(arguments: [("9.6.24", "9.6"), ("9.5.1", "9.5"), ("10.23", "10"), ("12.3", "12")])
  func postgresHadTwoNumbersBeforeTen(_ version: String, _ expected: String) throws {
    let table = try #require(server("postgres")).versions
    #expect(table.series(of: try #require(ServerVersion(in: version))) == expected)
  }

  @Test(arguments: [
    ("postgres", "15.1", "15.18", true), ("postgres", "15.18", "15.1", true),
    ("postgres", "13.5", "15.1", false), ("postgres", "15.1", "13.5", false),
    ("postgres", "9.6.1", "9.6.24", true), ("postgres", "9.5.1", "9.6.24", false),
    ("postgres", "9.6.1", "10.0", false),
    ("mysql", "8.0.30", "8.0.36", true), ("mysql", "8.0.30", "8.4.1", false),
    ("mysql", "5.7.22", "8.0.36", false), ("mysql", "8.0.30", "5.7.22", false),
    ("mariadb", "10.11.6", "10.11.1", true), ("mariadb", "10.5.1", "10.11.6", false),
    ("mariadb", "11.8.1", "10.11.6", false),
    ("redis", "6.0.1", "7.0.15", true), ("redis", "7.2.1", "7.0.1", true),
    ("redis", "7.0.15", "6.0.1", false),
    ("memcached", "1.4.34", "1.6.18", true), ("memcached", "1.6.18", "1.4.34", true),
  ])
  func whichDataWhichServerMayServe(_ type: String, _ data: String, _ server: String, _ expected: Bool) throws
  {
    let engine = try #require(ResourceCatalog.builtIn.engine(type)?.server)
    let (data, server) = (try #require(ServerVersion(in: data)), try #require(ServerVersion(in: server)))
    #expect(engine.canServe(data: data, with: server) == expected)
  }
}
