import AppState
import Containers
import ConvoxEnvironment
import ConvoxManifest
import DockerEngine
import DrydockBase
import Emulator
import ImageBuilds
import LiveCode
import MonotonicTime
import Resources

extension ServicePreparation {
  /// What runs a service in containers of an image.
  /// - Parameter command: What is run; nil for what the image says.
  /// - Throws: `DrydockError`, `DockerError`.
  func container(
    _ service: Service, _ command: OwnCommand?, _ variables: AppVariables, image: String, ports: BoundPorts,
    hasTerminal: Bool = false
  ) async throws -> ContainerRunner {
    let (containers, leash) = try await site.open()
    try await ServiceVolumes(containers: containers).make(for: service)
    var config = try config(service, command, variables, image: image, containers.names)
    (config.hasTerminal, config.keepsInputOpen) = (hasTerminal, hasTerminal)
    let launch = ContainerLaunch(
      config: config, ports: ports,
      grace: .seconds(service.process.grace))
    let code =
      service.image == nil && options.syncs
      ? LiveImage(service: service.name, journal: journal) {
        try await images(of: [service], variables)[service.name] ?? image
      } : nil
    return ContainerRunner(
      launch: launch, containers: containers, folder: folder, ports: ServicePorts(home: context.home, id: id),
      leash: leash, code: code)
  }

  /// The images of services that run in containers, by service.
  func images(of services: [Service], _ variables: AppVariables) async throws -> [String: String] {
    guard !services.isEmpty else { return [:] }
    let (containers, _) = try await site.open()
    return try await journal.turns.take {
      // One that was built before has none of the changes.
      let mark = options.buildsNothing ? 0 : journal.mark
      // What this supervisor has built may be used by its later builds.
      let isFirst = !services.allSatisfy { journal.knows($0.name) }
      let ids = try await ServiceImages(
        client: containers.client, builder: builder(containers, variables),
        ignoresCache: options.ignoresCache && isFirst, buildsNothing: options.buildsNothing, notice: notice
      ).ids(of: services)
      for (service, image) in ids { journal.built(image, of: service, at: mark) }
      await site.keep(ids)
      return ids
    }
  }

  /// What builds the app's images.
  func builder(_ containers: InstanceContainers, _ variables: AppVariables) -> ImageBuilder {
    ImageBuilder(
      client: containers.client, app: workspace.folder.path, environment: variables.environment,
      isDevelopment: true,
      labels: containers.names.labels, repository: containers.names.network)
  }

  func config(
    _ service: Service, _ command: OwnCommand?, _ variables: AppVariables, image: String,
    _ names: ContainerNames
  ) throws -> ContainerConfig {
    var config = ContainerConfig(image: image, command: command?.containerCommand)
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
    if options.appliesLimits { config.processorQuota = service.scaling.cpu }
    if service.scaling.isMemoryWritten || options.appliesLimits {
      config.memory = service.scaling.memory << 20
    }
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
  func mounts(_ service: Service, _ variables: AppVariables) -> [ContainerMount] {
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
        return .volume(name: ServiceVolumes.name(volume.key, of: id), target: volume.path)
      }
  }
}
