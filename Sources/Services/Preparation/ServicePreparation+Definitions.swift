import AppState
import Containers
import ConvoxManifest
import ImageBuilds

extension ServicePreparation {
  /// How services would be prepared now; those that the manifest has no more are left out.
  /// - Throws: `ManifestError`, `DrydockError`.
  func definitions(of names: [String]) throws -> [String: ServiceDefinition] {
    let variables = try look()
    let services = variables.manifest.services.filter { names.contains($0.name) }
    let settings = try workspace.settings(for: variables.manifest)
    let started = Dictionary(services.map { ($0.name, $0.links) }) { first, _ in first }
    return try definitions(
      of: services, variables, urls(try ServiceStore(folder).load(), variables.manifest), started,
      try choices(of: services, settings, variables).mapValues(\.kind))
  }

  func definitions(
    of services: [Service], _ variables: AppVariables, _ urls: [String: String],
    _ started: [String: [String]],
    _ kinds: [String: ServiceKind]
  ) throws -> [String: ServiceDefinition] {
    var definitions: [String: ServiceDefinition] = [:]
    for service in services {
      guard let kind = kinds[service.name] else { continue }
      // Whom it waits for depends on what else is started.
      var spec = ServiceSpec(service, kind: kind, count: 0, started: started)
      spec.waitsFor = []
      var definition = ServiceDefinition(spec: spec)
      switch kind {
      case .process:
        let look = ServiceLook(workspace: workspace, path: nil, runtime: nil)
        definition.process =
          try process(
            service, OwnCommand(service), variables, urls, folder: look.folder(of: service),
            ports: BoundPorts(of: service)
          ).launch
      case .container:
        definition.container = try config(
          service, OwnCommand(service), variables, image: "", ContainerNames(id: id))
        definition.image = service.image
        definition.source = service.image == nil ? ImageSource(of: service) : nil
      }
      definitions[service.name] = definition
    }
    return definitions
  }
}
