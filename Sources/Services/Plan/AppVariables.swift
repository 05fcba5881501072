package import AppState
package import ConvoxEnvironment
package import ConvoxManifest
import DrydockBase
package import Emulator
import Engines
package import Planning
package import Resources
import Servers

/// What an app's services are given, from one look at the state and the manifest.
package struct AppVariables: Sendable {
  /// The instance, with what the app env says now.
  package let state: InstanceState
  /// The manifest.
  package let manifest: Manifest
  /// Its resources.
  package let specs: [ResourceSpec]
  /// The app env.
  package let environment: [String: String]
  private let context: DrydockContext
  private var substitutes: [String: ResourceEndpoint] = [:]

  /// Looks.
  /// - Parameter environment: The app env.
  /// - Throws: `ManifestError`, `DrydockError`.
  package init(
    _ context: DrydockContext, _ workspace: Workspace, _ state: InstanceState, environment: [String: String]
  ) throws {
    var state = state
    let manifest = try workspace.load(appEnvironment: environment, catalog: context.catalog)
    let specs = ResourceSpec.settled(
      try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: environment), over: state,
      in: context.catalog)
    // What the app env says now counts, also when no `up` has seen it yet.
    for spec in specs { state.resources[spec.name]?.externalURL = spec.externalURL }
    self.state = state
    self.manifest = manifest
    self.specs = specs
    self.environment = environment
    self.context = context
  }

  /// The same, where some resources are reached elsewhere than the state says.
  package func reaching(_ endpoints: [ResourceEndpoint]) -> AppVariables {
    var variables = self
    for endpoint in endpoints { variables.substitutes[endpoint.resource] = endpoint }
    return variables
  }

  /// The resources of which it is known where they are.
  package var reached: Set<String> { Set(state.resources.keys).union(substitutes.keys) }

  private func endpoints(_ specs: [ResourceSpec], from viewpoint: Viewpoint = .host) -> [ResourceEndpoint] {
    specs.compactMap {
      substitutes[$0.name] ?? state.endpoint(of: $0.name, engine: $0.engine, from: viewpoint)
    }
  }

  /// The variables of all resources.
  package func variablesOfResources() -> [EnvironmentVariable] {
    EnvironmentResolver(
      manifest: manifest, catalog: context.catalog, endpoints: endpoints(specs),
      linked: LinkedResources(context: context).endpoints(of: state),
      appEnvironment: AppEnvironment(environment), context: ServiceContext(app: state.app)
    ).allResources()
  }

  /// The variables of a service.
  /// - Parameter urls: Where the services that it links are reached, by their names.
  /// - Throws: `EnvironmentError`.
  package func variables(
    of service: Service, urls: [String: String], from viewpoint: Viewpoint = .host
  ) throws -> [EnvironmentVariable] {
    let resolver = EnvironmentResolver(
      manifest: manifest, catalog: context.catalog, endpoints: endpoints(specs, from: viewpoint),
      linked: LinkedResources(context: context).endpoints(of: state, from: viewpoint),
      appEnvironment: AppEnvironment(environment),
      context: ServiceContext(app: state.app, serviceURLs: urls))
    return try resolver.environment(for: service)
  }

  /// The directories of the efs resources that a service links, and of those that are linked to the app.
  package func directories(of service: Service) -> [SharedDirectory] {
    let linked = Set(service.resources.map(\.resource))
    let own = specs.filter { linked.contains($0.name) && $0.engine.server == nil }.map { spec in
      SharedDirectory(
        resource: state.storage(of: spec.name), options: spec.options, home: context.home, id: state.id)
    }
    return own + LinkedResources(context: context).directories(of: state)
  }

  /// The efs directories and the paths at which a service wants them.
  package func mounts(of service: Service) -> [VolumeMount] {
    VolumeMount.mounts(of: service, linked: directories(of: service))
  }

  /// `DRYDOCK_VOLUME_<NAME>` for each efs resource that a service links.
  package func volumeVariables(of service: Service) -> [EnvironmentVariable] {
    directories(of: service).map { directory in
      EnvironmentVariable(
        name: "DRYDOCK_VOLUME_\(Resource.environmentPrefix(of: directory.resource))", value: directory.path)
    }
  }

  /// The variables by which a service that links an encrypted resource trusts its certificate.
  /// - Parameters:
  ///   - names: What the caller or the service sets itself, which is left alone.
  ///   - speaksTLS: Whether it has to do with a certificate of drydock's for another reason.
  /// - Returns: The variables, and the names of those that are left alone.
  package func trustVariables(
    of service: Service, besides names: Set<String>, speaksTLS: Bool = false
  ) throws -> (variables: [EnvironmentVariable], kept: [String]) {
    let linked = Set(service.resources.map(\.resource))
    let endpoints =
      endpoints(specs.filter { linked.contains($0.name) })
      + LinkedResources(context: context).endpoints(of: state)
    guard speaksTLS || endpoints.contains(where: \.encrypted) else { return ([], []) }
    let trust = try LocalAuthority(home: context.home).trustVariables()
    return (trust.filter { !names.contains($0.name) }, trust.map(\.name).filter(names.contains))
  }
}
