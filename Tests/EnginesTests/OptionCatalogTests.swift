import ConvoxManifest
import Engines
import Testing

@Suite("Options of all types")
struct OptionCatalogTests {
  static let database = [
    "class": "db.t3.micro", "encrypted": "false", "deletionProtection": "false", "durable": "false",
    "iops": nil, "storage": "20", "preferredBackupWindow": nil, "backupRetentionPeriod": "1",
    "readSourceDB": nil, "parameterGroupName": nil, "snapshot": nil, "tags": nil,
  ]
  static let cache = ["class": "cache.t3.micro", "nodes": "1", "tags": nil]

  @Test(
    "Each type has the options of the page, newer ones, and the defaults of today's racks",
    arguments: [
      ("postgres", database.merging(["version": "12"]) { $1 }),
      ("mysql", database.merging(["version": "5.7"]) { $1 }),
      ("mariadb", database.merging(["version": "10.4"]) { $1 }),
      (
        "redis",
        cache.merging([
          "version": "7.0", "durable": "false", "encrypted": "false", "engine": "redis",
        ]) { $1 }
      ),
      ("valkey", cache.merging(["version": "8.1", "durable": "false", "encrypted": "false"]) { $1 }),
      ("memcached", cache.merging(["version": "1.4"]) { $1 }),
      (
        "efs",
        [
          "encrypted": "false", "owner-gid": "1000", "owner-uid": "1000", "path": "/",
          "permissions": "0777", "tags": nil,
        ]
      ),
    ] as [(String, [String: String?])])
  func options(type: String, expected: [String: String?]) throws {
    let type = try #require(ResourceCatalog.builtIn.type(named: type))
    #expect(Dictionary(uniqueKeysWithValues: type.options.map { ($0.name, $0.defaultValue) }) == expected)
    #expect(type.options.allSatisfy { !$0.summary.isEmpty && !$0.treatment.detail.isEmpty })
  }

  @Test(
    "Defaults of the page are shown beside",
    arguments: [
      ("postgres", "class", "db.t2.micro"), ("postgres", "version", "12"), ("postgres", "storage", "20"),
      ("mysql", "version", "5.7.22"), ("mariadb", "version", "10.4"), ("redis", "version", "2.8.24"),
      ("redis", "class", "cache.t2.micro"), ("memcached", "class", "cache.t2.micro"),
      ("memcached", "version", "1.4.34"), ("efs", "permissions", "0777"),
    ])
  func documented(type: String, option: String, expected: String) throws {
    let type = try #require(ResourceCatalog.builtIn.type(named: type))
    #expect(type.option(option)?.documentedDefault == expected)
  }

  /// A value and whether each of the types that have the option takes it.
  @Test(
    "What options take",
    arguments: [
      ("encrypted", "true", true), ("encrypted", "\"yes\"", false), ("encrypted", "1", false),
      ("durable", "false", true), ("durable", "\"on\"", false), ("deletionProtection", "true", true),
      ("deletionProtection", "enabled", false), ("iops", "1000", true), ("iops", "0", true),
      ("iops", "1e3", false), ("iops", "fast", false), ("iops", "-1", false), ("storage", "20", true),
      ("storage", "19", false), ("storage", "70000", false), ("storage", "20GB", false), ("nodes", "1", true),
      ("nodes", "0", false),
      ("nodes", "two", false), ("preferredBackupWindow", "03:00-03:30", true),
      ("preferredBackupWindow", "23:45-00:15", true), ("preferredBackupWindow", "23:45-00:14", false),
      ("preferredBackupWindow", "3:00-4:00", false), ("preferredBackupWindow", "03:00-03:30Z", false),
      ("preferredBackupWindow", "24:00-01:00", false), ("backupRetentionPeriod", "0", true),
      ("backupRetentionPeriod", "35", true), ("backupRetentionPeriod", "36", false),
      ("backupRetentionPeriod", "-1", false), ("engine", "valkey", true), ("engine", "keydb", false),
      ("owner-uid", "0", true), ("owner-gid", "staff", false), ("path", "/a/b", true), ("path", "a", false),
      ("permissions", "\"0750\"", true), ("permissions", "0755", false),
    ])
  func values(option: String, value: String, isTaken: Bool) throws {
    let types = ResourceCatalog.builtIn.types.filter { $0.option(option) != nil }
    #expect(!types.isEmpty)
    for type in types {
      #expect(problems(type.name, "\(option): \(value)").isEmpty == isTaken, "\(type.name)")
    }
  }

  @Test(
    "A class is of the type's family",
    arguments: [
      ("postgres", "db.t3.micro", true), ("mysql", "db.m5.2xlarge", true),
      ("mariadb", "cache.t3.micro", false),
      ("redis", "cache.m6g.large", true), ("redis", "db.t3.micro", false), ("memcached", "t3.micro", false),
    ])
  func families(type: String, value: String, isTaken: Bool) {
    #expect(problems(type, "class: \(value)").isEmpty == isTaken)
  }

  @Test("An unknown option is refused by every type, the nearest name suggested")
  func unknown() {
    for type in ResourceCatalog.builtIn.types {
      for option in type.options where option.name.count > 4 {
        let problem = problems(type.name, "\(option.name)x: 1").first
        #expect(
          problem?.message == "unknown option \(option.name)x for \(type.name): AWS rejects it at deploy")
        #expect(problem?.suggestion == "did you mean \(option.name)?")
      }
    }
  }

  private func problems(_ type: String, _ option: String) -> [Diagnostic] {
    let text = "resources:\n  db:\n    type: \(type)\n    options: { \(option) }\n"
    do {
      let manifest = try ManifestLoader(catalog: .builtIn).load(
        Array(text.utf8), file: "convox.yml", appEnvironment: [:])
      return manifest.deployErrors + manifest.warnings.filter { $0.message.contains("not known here") }
    } catch {
      return error.diagnostics
    }
  }
}

@Suite("Versions that AWS never had")
struct ImpossibleVersionTests {
  @Test(
    "One is an error; whatever may come, and what was retired, is not",
    arguments: [
      ("postgres", ["9.2", "9.7", "8.4", "20", "99"], ["9", "9.3", "9.6.24", "10", "18", "19", "15.99"]),
      (
        "mysql", ["5.0", "5.8", "6.0", "7.0", "10"],
        ["5", "5.1", "5.7.44-RDS.20240408", "8", "8.0", "8.4", "9.1"]
      ),
      ("mariadb", ["5.5", "9.0", "10.12", "13"], ["10", "10.0", "10.11.5.R2", "11", "11.8", "12.1"]),
      ("redis", ["1.0", "2.4", "10", "99"], ["2.8.24", "6.x", "6", "7.1", "8.0"]),
      ("valkey", ["7.0", "6.2", "10"], ["7.2", "8", "8.1", "9.0"]),
      ("memcached", ["1.3", "0.1", "3"], ["1.4.34", "1.6.22", "2"]),
    ])
  func versions(type: String, impossible: [String], possible: [String]) throws {
    for version in impossible { #expect(try isRefused(type, "\"\(version)\""), "\(type) \(version)") }
    for version in possible { #expect(try !isRefused(type, "\"\(version)\""), "\(type) \(version)") }
    let option = try #require(ResourceCatalog.builtIn.type(named: type)?.option("version"))
    for version in [option.defaultValue, option.documentedDefault].compactMap(\.self) {
      #expect(try !isRefused(type, "\"\(version)\""), "\(type) \(version)")
    }
  }

  private func isRefused(_ type: String, _ version: String) throws -> Bool {
    let text = "resources:\n  db: {type: \(type), options: {version: \(version)}}\n"
    let manifest = try ManifestLoader(catalog: .builtIn).load(
      Array(text.utf8), file: "convox.yml", appEnvironment: [:])
    return manifest.deployFindings(catalog: .builtIn, appEnvironment: [:]).contains {
      $0.severity == .error && $0.message.hasPrefix("AWS has no ")
    }
  }
}

@Suite("Versions that AWS ran once")
struct RetiredVersionTests {
  /// Bug: `check` had nothing to say of them.
  @Test(
    "A retired one is told of, and one that costs Extended Support; the default is not",
    arguments: [
      ("postgres", "\"9.6\"", "AWS has retired PostgreSQL 9.6"),
      ("postgres", "\"10.23\"", "AWS has retired PostgreSQL 10.23"),
      ("postgres", "\"11\"", "AWS charges Extended Support for PostgreSQL 11, since 2024-03-01"),
      ("postgres", "\"12.22\"", "AWS charges Extended Support for PostgreSQL 12.22, since 2025-03-01"),
      ("postgres", "\"13\"", nil), ("postgres", "\"15\"", nil),
      ("mysql", "\"5.6.51\"", "AWS has retired MySQL 5.6.51"),
      ("mysql", "5.7", "AWS charges Extended Support for MySQL 5.7, since 2024-03-01"),
      ("mysql", "\"5\"", nil), ("mysql", "\"8.0\"", nil),
      ("mariadb", "\"10.2\"", "AWS has retired MariaDB 10.2"), ("mariadb", "\"10\"", nil),
      ("redis", "2.8.24", "AWS has retired Redis 2.8.24"), ("redis", "\"3\"", "AWS has retired Redis 3.0"),
      ("redis", "4.0.10", "AWS charges Extended Support for Redis 4.0.10, since 2026-02-01"),
      ("redis", "5.0.6", "AWS charges Extended Support for Redis 5.0.6, since 2026-02-01"),
      ("redis", "6.2", nil), ("valkey", "7.2", nil), ("postgres", nil, nil), ("mysql", nil, nil),
    ])
  func told(type: String, version: String?, message: String?) throws {
    let options = version.map { ", options: {version: \($0)}" } ?? ""
    let manifest = try ManifestLoader(catalog: .builtIn).load(
      Array("resources:\n  db: {type: \(type)\(options)}\n".utf8), file: "convox.yml", appEnvironment: [:])
    let findings = manifest.deployFindings(catalog: .builtIn, appEnvironment: [:]).filter {
      $0.message.contains("retired") || $0.message.contains("Extended Support")
    }
    #expect(findings.allSatisfy { $0.severity == .warning })
    #expect(findings.first?.message.hasPrefix(message ?? "-") ?? (message == nil), "\(findings)")
  }
}

@Suite("Minor versions that AWS upgrades")
struct MinorVersionTests {
  @Test(
    "A pinned one is told of while the app parameter is on",
    arguments: [
      ("postgres", "\"12\"", true, false), ("postgres", "\"12.7\"", true, true),
      ("postgres", "\"12.7\"", false, false), ("mysql", "\"8.0\"", true, false),
      ("mysql", "\"8.0.35\"", true, true), ("mysql", "\"8.0.35\"", false, false),
      ("mariadb", "\"10.11.6\"", true, true), ("mariadb", "\"10.11.6\"", false, false),
    ])
  func pinned(type: String, version: String, upgrades: Bool, isTold: Bool) throws {
    let text = "resources:\n  db: {type: \(type), options: {version: \(version)}}\n"
    let manifest = try ManifestLoader(catalog: .builtIn).load(
      Array(text.utf8), file: "convox.yml", appEnvironment: [:])
    let findings = manifest.deployFindings(
      catalog: .builtIn, appEnvironment: [:], autoMinorVersionUpgrade: upgrades)
    #expect(findings.contains { $0.suggestion?.contains("AutoMinorVersionUpgrade") == true } == isTold)
  }
}
