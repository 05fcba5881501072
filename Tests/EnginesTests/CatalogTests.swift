import ConvoxEnvironment
import ConvoxManifest
import Testing

@testable import Engines

@Suite struct CatalogTests {
  private static let database: [String: String?] = [
    "class": "db.t3.micro", "encrypted": "false", "deletionProtection": "false", "durable": "false",
    "iops": nil, "storage": "20", "preferredBackupWindow": nil, "backupRetentionPeriod": "1",
    "readSourceDB": nil, "parameterGroupName": nil, "snapshot": nil, "tags": nil,
  ]

  /// What racks of today deploy for an option that is left out.
  private static let defaults: [String: [String: String?]] = [
    "postgres": database.merging(["version": "12"]) { $1 },
    "mysql": database.merging(["version": "5.7"]) { $1 },
    "mariadb": database.merging(["version": "10.4"]) { $1 },
    "redis": [
      "class": "cache.t3.micro", "durable": "false", "encrypted": "false", "nodes": "1", "version": "7.0",
      "engine": "redis", "tags": nil,
    ],
    "valkey": [
      "class": "cache.t3.micro", "durable": "false", "encrypted": "false", "nodes": "1", "version": "8.1",
      "tags": nil,
    ],
    "memcached": ["class": "cache.t3.micro", "nodes": "1", "version": "1.4", "tags": nil],
    "efs": [
      "encrypted": "false", "owner-gid": "1000", "owner-uid": "1000", "path": "/", "permissions": "0777",
      "tags": nil,
    ],
  ]

  @Test func listsEveryTypeOnce() {
    let names = ResourceCatalog.builtIn.engines.map(\.resourceType.name)
    #expect(names == ["postgres", "mysql", "mariadb", "redis", "valkey", "memcached", "efs"])
    #expect(ResourceCatalog.builtIn.types.map(\.name) == names)
    #expect(ResourceCatalog.builtIn.engine("oracle") == nil)
  }

  @Test(arguments: defaults.keys.sorted())
  func optionsHaveTheDefaultsOfTodaysRacks(_ type: String) throws {
    let rules = try #require(ResourceCatalog.builtIn.engine(type)).resourceType.options
    #expect(Dictionary(rules.map { ($0.name, $0.defaultValue) }) { $1 } == Self.defaults[type])
    #expect(Set(rules.map(\.name)).count == rules.count)
  }

  @Test(arguments: [
    ("postgres", "class", "db.t2.micro"), ("postgres", "version", "12"), ("mysql", "version", "5.7.22"),
    ("mariadb", "version", "10.4"), ("redis", "class", "cache.t2.micro"), ("redis", "version", "2.8.24"),
    ("memcached", "class", "cache.t2.micro"), ("memcached", "version", "1.4.34"),
    ("postgres", "storage", "20"), ("efs", "permissions", "0777"),
  ])
  func thePagesDefaultsStandBeside(_ type: String, _ option: String, _ expected: String) throws {
    let rule = try #require(ResourceCatalog.builtIn.engine(type)?.resourceType.option(option))
    #expect(rule.documentedDefault == expected)
  }

  @Test(arguments: serverTypes)
  func theDefaultVersionIsTheTables(_ type: String) throws {
    let engine = try #require(server(type))
    #expect(engine.resourceType.option("version")?.defaultValue == engine.versions.defaultVersion)
  }

  @Test(arguments: [
    ("rds-postgres", "postgres"), ("postgis", "postgres"), ("rds-mysql", "mysql"), ("rds-mariadb", "mariadb"),
    ("elasticache-redis", "redis"), ("elasticache-memcached", "memcached"),
  ])
  func laterRacksNamesMeanTheSameEngines(_ name: String, _ type: String) {
    #expect(ResourceCatalog.builtIn.type(named: name)?.name == type)
  }

  @Test(arguments: [
    ("postgres", VariableShape.database(scheme: "postgres"), true, 5432),
    ("mysql", .database(scheme: "mysql"), true, 3306), ("mariadb", .database(scheme: "mysql"), true, 3306),
    ("redis", .keyValue(scheme: "redis"), true, 6379), ("valkey", .keyValue(scheme: "redis"), true, 6379),
    ("memcached", .hostPort, true, 11211),
    ("efs", VariableShape.none, false, nil),
  ])
  func variablesAndPorts(_ type: String, _ shape: VariableShape, _ hasVariables: Bool, _ port: Int?) throws {
    let engine = try #require(ResourceCatalog.builtIn.engine(type))
    #expect(engine.variableShape == shape)
    #expect(engine.resourceType.hasVariables == hasVariables)
    #expect(engine.server?.standardPort == port)
    #expect(engine.resourceType.isMounted == (type == "efs"))
    #expect(engine.resourceType.appendsMinorVersion == ["redis", "valkey", "memcached"].contains(type))
  }

  @Test(arguments: serverTypes)
  func everyStopEndsInAKill(_ type: String) throws {
    let steps = try #require(server(type)).stopSteps
    #expect(steps.last?.signal == .kill)
    #expect(steps.count > 1)
    #expect(steps.dropLast().allSatisfy { $0.signal != .kill })
  }
}
