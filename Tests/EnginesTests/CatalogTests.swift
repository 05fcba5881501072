import ConvoxEnvironment
import ConvoxManifest
import Testing

@testable import Engines

@Suite struct CatalogTests {
  @Test func listsEveryTypeOnce() {
    let names = ResourceCatalog.builtIn.engines.map(\.resourceType.name)
    #expect(names == ["postgres", "mysql", "mariadb", "redis", "valkey", "memcached", "efs"])
    #expect(ResourceCatalog.builtIn.types.map(\.name) == names)
    #expect(ResourceCatalog.builtIn.engine("oracle") == nil)
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
