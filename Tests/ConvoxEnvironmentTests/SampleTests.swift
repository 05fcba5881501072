import ConvoxEnvironment
import ConvoxManifest
import Foundation
import Testing

private let samples = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("samples")

private let shapes: [String: VariableShape] = [
  "postgres": .database(scheme: "postgres"), "mysql": .database(scheme: "mysql"),
  "mariadb": .database(scheme: "mysql"), "redis": .keyValue(scheme: "redis"), "memcached": .hostPort,
  "efs": .none,
]

/// A sample's manifest, by the types alone: the options' own rules are the engines' matter.
private func manifest(of sample: String) throws -> Manifest {
  let names = ["version", "path", "class", "storage", "encrypted", "durable", "readSourceDB"]
  let options = names.map { OptionRule($0, .text, "") }
  let types = shapes.keys.sorted().map {
    ResourceType(name: $0, options: options, hasVariables: $0 != "efs", isMounted: $0 == "efs")
  }
  let file = samples.appendingPathComponent("\(sample)/convox.yml")
  return try ManifestLoader(catalog: ResourceCatalog(types))
    .load(
      [UInt8](Data(contentsOf: file)), file: "convox.yml", appEnvironment: ["POSTGRES_STORAGE_SIZE": "50"])
}

/// Ports and hosts that differ from resource to resource, so that none can be mistaken for another.
private func endpoints(of manifest: Manifest) throws -> [ResourceEndpoint] {
  try manifest.resources.enumerated().map { index, resource in
    ResourceEndpoint(
      resource: resource.name, shape: try #require(shapes[resource.type]), host: "127.0.0.\(index + 1)",
      port: 15_000 + index, password: "pw")
  }
}

/// The lines of each service in an `expected.env`, placeholders filled in.
private func expected(
  _ sample: String, endpoints: [ResourceEndpoint], context: ServiceContext
) throws -> [String: [String]] {
  let file = samples.appendingPathComponent("\(sample)/expected.env")
  var text = try String(contentsOf: file, encoding: .utf8)
  for endpoint in endpoints {
    text.replace("{\(endpoint.resource).host}", with: endpoint.host)
    text.replace("{\(endpoint.resource).port}", with: "\(endpoint.port)")
  }
  let values = [
    "password": "pw", "app": context.app, "build": context.build, "rack": context.rack,
    "region": context.region, "release": context.release,
  ]
  for (name, value) in values { text.replace("{\(name)}", with: value) }
  return linesByService(text)
}

private func linesByService(_ text: String) -> [String: [String]] {
  var services: [String: [String]] = [:]
  var service = ""
  for line in text.split(separator: "\n") where !line.hasPrefix("#") {
    if line.hasPrefix("[") {
      service = String(line.dropFirst().dropLast())
    } else {
      services[service, default: []].append(String(line))
    }
  }
  return services
}

@Suite struct SampleTests {
  static let all = [
    "dynamic-configuration", "postgres-only", "quickstart", "read-replica", "shared-volume", "two-services",
    "web-and-worker",
  ]

  @Test(arguments: all)
  func samplesGetWhatTheyExpect(sample: String) throws {
    let manifest = try manifest(of: sample)
    #expect(manifest.warnings == [])
    let endpoints = try endpoints(of: manifest)
    let context = ServiceContext(app: sample)
    let resolver = EnvironmentResolver(
      manifest: manifest, catalog: testCatalog, endpoints: endpoints, appEnvironment: AppEnvironment(),
      context: context)
    let expected = try expected(sample, endpoints: endpoints, context: context)
    #expect(Set(expected.keys) == Set(manifest.services.map(\.name)))
    for service in manifest.services {
      let lines = try resolver.environment(for: service).map { "\($0.name)=\($0.value)" }
      #expect(lines == expected[service.name])
    }
  }

  @Test func theirSettingsAreRead() throws {
    let files = Self.all.map { samples.appendingPathComponent("\($0)/drydock.yml") }
    let present = files.filter { FileManager.default.fileExists(atPath: $0.path) }
    #expect(!present.isEmpty)
    for file in present {
      let sample = file.deletingLastPathComponent().lastPathComponent
      let settings = try DrydockSettings([UInt8](Data(contentsOf: file)), for: try manifest(of: sample))
      #expect(settings != DrydockSettings())
    }
  }

  @Test func everySampleIsTried() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: samples.path)
      .filter { !$0.hasSuffix(".md") }
    #expect(folders.sorted() == Self.all)
  }
}
