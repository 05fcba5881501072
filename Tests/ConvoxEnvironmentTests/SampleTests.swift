import ConvoxEnvironment
import ConvoxManifest
import Foundation
import Testing

private let samples = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("samples")

private let place = SourceLocation(file: "convox.yml", line: 1, column: 1)

/// A sample as its convox.yml reads; the manifest's own tests read the file.
private struct Sample: Sendable, CustomTestStringConvertible {
  var name: String
  var resources: [(name: String, type: String, shape: VariableShape)]
  var services: [(name: String, environment: [EnvironmentDeclaration])]

  var testDescription: String { name }

  var manifest: Manifest {
    let links = resources.map { ResourceLink(resource: $0.name) }
    return Manifest(
      file: "convox.yml",
      resources: resources.map { Resource(name: $0.name, type: $0.type, location: place) },
      services: services.map {
        Service(name: $0.name, environment: $0.environment, resources: links, location: place)
      })
  }

  /// Ports and hosts that differ from resource to resource, so that none can be mistaken for another.
  var endpoints: [ResourceEndpoint] {
    resources.enumerated().map { index, resource in
      ResourceEndpoint(
        resource: resource.name, shape: resource.shape, host: "127.0.0.\(index + 1)", port: 15_000 + index,
        password: "pw")
    }
  }

  static let all = [
    Sample(
      name: "postgres-only", resources: [("mydb", "postgres", .database(scheme: "postgres"))],
      services: [("web", [])]),
    Sample(
      name: "quickstart",
      resources: [
        ("mydb", "postgres", .database(scheme: "postgres")), ("orders", "mysql", .database(scheme: "mysql")),
        ("legacy-db", "mariadb", .database(scheme: "mysql")), ("cache", "redis", .keyValue),
        ("mem", "memcached", .hostPort), ("files", "efs", .none),
      ],
      services: [("web", [.defaulted("GREETING", "hello")])]),
    Sample(
      name: "two-services", resources: [("queue", "redis", .keyValue), ("shared", "efs", .none)],
      services: [
        ("web", [.defaulted("LOG_LEVEL", "info")]),
        (
          "worker",
          [.defaulted("LOG_LEVEL", "info"), .defaulted("LOG_LEVEL", "debug"), .defaulted("SHOUT", "no")]
        ),
      ]),
  ]
}

/// The lines of each service in an `expected.env`, placeholders filled in.
private func expected(_ sample: Sample, context: ServiceContext) throws -> [String: [String]] {
  let file = samples.appendingPathComponent("\(sample.name)/expected.env")
  var text = try String(contentsOf: file, encoding: .utf8)
  for endpoint in sample.endpoints {
    text.replace("{\(endpoint.resource).host}", with: endpoint.host)
    text.replace("{\(endpoint.resource).port}", with: "\(endpoint.port)")
  }
  let values = [
    "password": "pw", "app": context.app, "build": context.build, "rack": context.rack,
    "region": context.region, "release": context.release,
  ]
  for (name, value) in values { text.replace("{\(name)}", with: value) }
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
  @Test(arguments: Sample.all)
  fileprivate func samplesGetWhatTheyExpect(sample: Sample) throws {
    let context = ServiceContext(app: sample.name)
    let resolver = EnvironmentResolver(
      manifest: sample.manifest, endpoints: sample.endpoints, appEnvironment: AppEnvironment(),
      context: context)
    let expected = try expected(sample, context: context)
    #expect(Set(expected.keys) == Set(sample.services.map(\.name)))
    for service in sample.manifest.services {
      let lines = try resolver.environment(for: service).map { "\($0.name)=\($0.value)" }
      #expect(lines == expected[service.name])
    }
  }
}
