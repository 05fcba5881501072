import AppState
import Containers
import ConvoxEnvironment
import ConvoxManifest
import DockerEngine
import DrydockBase
import Emulator
import MonotonicTime
import Resources

extension ServicePreparation {
  /// What runs a service in containers.
  /// - Throws: `DrydockError`, `DockerError`.
  func container(_ service: Service, _ variables: AppVariables) async throws -> ContainerRunner {
    let client = try await DockerAccess(environment: context.environment).connect()
    let containers = InstanceContainers(client: client, names: ContainerNames(id: id))
    try await containers.makeNetwork()
    let image = try await image(of: service, client)
    let launch = ContainerLaunch(
      config: try config(service, variables, image: image, containers.names), port: service.port?.number,
      grace: .seconds(service.process.grace))
    return ContainerRunner(
      launch: launch, containers: containers, folder: ServiceFolder(home: context.home, id: id),
      ports: ServicePorts(home: context.home, id: id), leash: nil)
  }

  /// The id of the image that a service runs, fetched where it is not here.
  private func image(of service: Service, _ client: DockerClient) async throws -> String {
    guard let name = service.image else {
      throw DrydockError(
        .unavailable, "\(service.name) is built from a Dockerfile, which drydock start does not do yet",
        suggestion: "run it as a process: drydock start --services process")
    }
    if let found = try await client.inspectImage(name, until: .after(.seconds(30))) { return found.id }
    try await client.pullImage(name, until: .after(.seconds(3600)))
    guard let found = try await client.inspectImage(name, until: .after(.seconds(30))) else {
      throw DrydockError(.unavailable, "the image \(name) of \(service.name) cannot be had")
    }
    return found.id
  }

  private func config(
    _ service: Service, _ variables: AppVariables, image: String, _ names: ContainerNames
  ) throws -> ContainerConfig {
    var config = ContainerConfig(
      image: image, command: service.argv ?? service.command.map { ["sh", "-c", $0] })
    config.environment = try variables.variables(
      of: service, urls: Self.urlsInNetwork(variables.manifest), from: .container
    )
    .map { "\($0.name)=\($0.value)" }
    config.mounts = mounts(service, variables)
    config.network = NetworkAttachment(names.network, aliases: aliases(of: service, variables.manifest))
    // Off only where it is written so: a process 1 without a handler would use up the whole grace at each Ctrl-C.
    config.hasInit = service.process.initProcess ?? true
    config.isPrivileged = service.process.isPrivileged
    config.stopTimeout = service.process.grace
    // Shares count only where processors are short; a quota would slow a developer's machine for nothing.
    config.processorShares = service.scaling.cpu
    if service.scaling.isMemoryWritten { config.memory = service.scaling.memory << 20 }
    return config
  }

  /// Where services reach each other in the instance's network: by name, at the port that the program binds.
  private static func urlsInNetwork(_ manifest: Manifest) -> [String: String] {
    Dictionary(
      manifest.services.compactMap { service in
        service.port.map { (service.name, "http://\(service.name):\($0.number)") }
      }
    ) { first, _ in first }
  }

  /// A resource of the same name is meant by its name, as it was before there were services.
  private func aliases(of service: Service, _ manifest: Manifest) -> [String] {
    manifest.resource(named: service.name) == nil ? [service.name] : ["\(service.name)-service"]
  }

  /// The efs directories, and the volumes that the services of the app share.
  private func mounts(_ service: Service, _ variables: AppVariables) -> [ContainerMount] {
    let shared = options.withoutMounts ? [] : variables.mounts(of: service)
    let directories = shared.map {
      ContainerMount.bind(source: $0.directory, target: $0.path, readOnly: false)
    }
    let own = service.volumes.map(ServiceVolume.init).filter { volume in
      !shared.contains { $0.path == volume.path }
    }
    return directories
      + own.map { volume in
        if volume.isOfHost, let source = volume.source {
          return .bind(source: source, target: volume.path, readOnly: volume.isReadOnly)
        }
        return .volume(name: "drydock-\(id)-volume.\(Slug.make(volume.key))", target: volume.path)
      }
  }
}
