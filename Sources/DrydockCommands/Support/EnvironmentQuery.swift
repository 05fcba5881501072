import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import Engines
import Planning
import Resources
import Servers
import Services

/// Works out variables for the commands that hand them out, from one look at the state and the manifest.
struct EnvironmentQuery: Sendable {
  /// The instance, with what the app env says now.
  let state: InstanceState
  private let session: Session
  private let workspace: Workspace
  private let manifest: Manifest
  private let specs: [ResourceSpec]
  private let environment: [String: String]
  /// Whether there is no instance yet, as before the first `up`. A service that needs nothing of one has its variables.
  private let isNew: Bool

  /// Looks at state and manifest.
  /// - Throws: `ManifestError`, `DrydockError` for an app without a manifest.
  init(_ session: Session) throws {
    let known = try session.existingInstance(allowsNewName: true)
    let workspace = try session.workspaceOfInstance()
    let name = session.options.app ?? workspace.folder.appName
    var state =
      known
      ?? InstanceState(id: "", handle: name, app: name, path: workspace.folder.path, resourcePassword: "")
    isNew = known == nil
    let environment = try session.appEnvironment(known)
    let catalog = session.context.catalog
    let manifest = try workspace.load(appEnvironment: environment, catalog: catalog)
    let specs = ResourceSpec.settled(
      try ResourceSpec.specs(of: manifest, in: catalog, appEnvironment: environment), over: state, in: catalog
    )
    // What the app env says now counts, also when no `up` has seen it yet.
    for spec in specs { state.resources[spec.name]?.externalURL = spec.externalURL }
    self.state = state
    self.session = session
    self.workspace = workspace
    self.manifest = manifest
    self.specs = specs
    self.environment = environment
  }

  private func service(_ name: String) throws -> Service {
    guard let service = manifest.service(named: name) else {
      throw UnknownName.error("service", name, known: manifest.services.map(\.name))
    }
    return service
  }

  /// The service; a word that is none may have been meant as a command of `env`.
  private func serviceOrCommand(_ name: String) throws -> Service {
    do {
      return try service(name)
    } catch var error as DrydockError {
      let services = manifest.services.map(\.name)
      let commands = ["list", "set", "unset", "get", "copy"]
      if nearest(to: name, in: services) == nil, let command = nearest(to: name, in: commands) {
        error.suggestion =
          "did you mean drydock env \(command)?" + (error.suggestion.map { " Of services, \($0)" } ?? "")
      }
      throw error
    }
  }

  /// The variables of a service, or of all resources when no service is named.
  func variables(service name: String?, from viewpoint: Viewpoint = .host) throws -> [EnvironmentVariable] {
    if viewpoint == .container, state.runtime == .native {
      throw DrydockError(
        .failed, "\(state.handle) runs natively, on 127.0.0.1, where no container reaches it",
        suggestion: "run it in Docker: drydock down --delete-data, then drydock up --runtime docker")
    }
    let resolver = EnvironmentResolver(
      manifest: manifest, catalog: session.context.catalog,
      endpoints: state.endpoints(specs, from: viewpoint),
      linked: links(from: viewpoint),
      appEnvironment: AppEnvironment(environment),
      context: ServiceContext(app: state.app, serviceURLs: try serviceURLs(from: viewpoint)))
    guard let name else {
      if isNew, specs.contains(where: { $0.externalURL == nil }) { throw session.withoutResources }
      return resolver.allResources()
    }
    let service = try serviceOrCommand(name)
    try requireEndpoints(of: service)
    return try resolver.environment(for: service)
  }

  /// Where services are reached that were ever started here.
  private func serviceURLs(from viewpoint: Viewpoint) throws -> [String: String] {
    guard viewpoint == .host else { return [:] }
    let folder = ServiceFolder(home: session.context.home, id: state.id)
    return try ServiceStore(folder).load().urls(manifest)
  }

  /// The created resources that the app is linked to.
  private func links(from viewpoint: Viewpoint) -> [ResourceEndpoint] {
    let linked = LinkedResources(context: session.context)
    let endpoints = linked.endpoints(of: state)
    let known = Set(endpoints.map(\.resource))
    for server in linked.servers(of: state) where !known.contains(server.handle) {
      session.console.warn(
        "\(server.handle) never started, and has no variables; start it: drydock resources start \(server.handle)"
      )
    }
    guard viewpoint == .container else { return endpoints }
    let reached = linked.endpoints(of: state, from: .container)
    for name in known.subtracting(reached.map(\.resource)).sorted() {
      session.console.warn("\(name) is left out: it runs natively, where no container reaches it")
    }
    return reached
  }

  /// A linked resource that never was up has no port yet, so that its variables would be missing silently.
  private func requireEndpoints(of service: Service) throws {
    let linked = Set(service.resources.map(\.resource))
    let missing = specs.filter { spec in
      guard linked.contains(spec.name), spec.externalURL == nil else { return false }
      // A directory has no variables, but a place, which it gets by an `up` too.
      guard spec.engine.resourceType.hasVariables else { return isNew }
      return state.endpoint(of: spec.name, engine: spec.engine) == nil
    }
    guard !missing.isEmpty else { return }
    throw DrydockError(
      .failed, "never started: \(missing.map(\.name).joined(separator: ", "))",
      suggestion: "start them: drydock up")
  }

  /// The directories of the efs resources that the service links, and of those that are linked to the app.
  private func directories(of service: Service) -> [SharedDirectory] {
    let linked = Set(service.resources.map(\.resource))
    let own = specs.filter { linked.contains($0.name) && $0.engine.server == nil }.map { spec in
      SharedDirectory(
        resource: state.storage(of: spec.name), options: spec.options, home: session.context.home,
        id: state.id)
    }
    return own + LinkedResources(context: session.context).directories(of: state)
  }

  /// `DRYDOCK_VOLUME_<NAME>` for each efs resource that the service links.
  func volumeVariables(service name: String) throws -> [EnvironmentVariable] {
    return directories(of: try service(name)).map { directory in
      EnvironmentVariable(
        name: "DRYDOCK_VOLUME_\(Resource.environmentPrefix(of: directory.resource))", value: directory.path)
    }
  }

  /// The variables by which a service that links an encrypted resource trusts its certificate; those that the
  /// caller or the service sets itself are left out.
  func trustVariables(service name: String, besides variables: [EnvironmentVariable]) throws
    -> [EnvironmentVariable]
  {
    let linked = Set(try service(name).resources.map(\.resource))
    let endpoints =
      state.endpoints(specs.filter { linked.contains($0.name) })
      + LinkedResources(context: session.context).endpoints(of: state)
    guard endpoints.contains(where: \.encrypted) else { return [] }
    let own = Set(variables.map(\.name)).union(session.context.environment.keys)
    let authority = LocalAuthority(home: session.context.home)
    let trust = try authority.trustVariables()
    let kept = trust.map(\.name).filter(own.contains)
    if !kept.isEmpty {
      session.console.note(
        "set already, and left alone: \(kept.joined(separator: ", ")); to trust the resources' certificates, "
          + "add \(authority.certificateFile)")
    }
    return trust.filter { !own.contains($0.name) }
  }

  /// What the manifest, else the Dockerfile, has the service run; nil where neither says it.
  func ownCommand(service name: String) throws -> OwnCommand? {
    OwnCommand(process: try service(name), in: workspace)
  }

  /// The efs directories and the paths at which the service wants them.
  func mounts(service name: String) throws -> [VolumeMount] {
    let service = try service(name)
    return VolumeMount.mounts(of: service, linked: directories(of: service))
  }

  /// The same, and the volumes that its processes have; those of containers lie in the Docker engine.
  func allMounts(service name: String) async throws -> [VolumeMount] {
    let shared = try mounts(service: name)
    // To try whether mounts are to be had takes a process.
    let hasOwn = try service(name).volumes.map(ServiceVolume.init).contains { volume in
      !volume.isOfHost && !shared.contains { $0.path == volume.path }
    }
    guard !isNew, state.runtime != .docker, hasOwn,
      try await MountHelper.locate(session.context).isUsable(session.context)
    else { return shared }
    let volumes = FolderVolumes(ServiceFolder(home: session.context.home, id: state.id))
    return try shared + volumes.paths(of: service(name), besides: shared).mounts
  }

  /// The mount of the app's files at the path that the service's image has them at; nil where nothing names that.
  func treeMount(
    service name: String, besides mounts: [VolumeMount], naming texts: [String]
  ) async throws -> VolumeMount? {
    guard let place = TreePlace(of: try service(name), in: workspace), place.isNamed(by: texts) else {
      return nil
    }
    if let obstacle = place.obstacle(besides: mounts) {
      session.console.note("\(name): \(obstacle)")
      return nil
    }
    return try await MountHelper.locate(session.context).isUsable(session.context) ? place.mount : nil
  }

  /// The linked servers that do not run.
  func idleResources(service name: String) async throws -> [String] {
    let linked = Set(try service(name).resources.map(\.resource))
    let servers = specs.filter {
      linked.contains($0.name) && $0.engine.server != nil && $0.externalURL == nil
    }
    return try await StatusOperation(context: session.context).idle(servers.map(\.name), of: state)
  }
}
