package import AppState
import Containers
import DockerEngine
import DrydockBase
import MonotonicTime
import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Stops services, whether a supervisor runs or one left them behind.
package struct StopServices: Sendable {
  private let context: DrydockContext
  private let id: String
  private let supervisor: SupervisorProcess

  /// A stop of an instance's services.
  package init(context: DrydockContext, id: String) {
    self.context = context
    self.id = id
    supervisor = SupervisorProcess(context: context, id: id)
  }

  /// Stops services, all of them where none is named, and with all the supervisor.
  /// - Returns: Which were running.
  package func run(_ services: [String]) async throws -> [String] {
    var before: [ServiceStatus]?
    do {
      before = try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(10)))
    } catch is TimeoutError where services.isEmpty {
      // Halted by a signal: it is ended as a process, which lets it go on first.
      _ = try await supervisor.program.stop(until: .after(.seconds(60)))
    }
    guard let before else {
      if services.isEmpty { try await endSupervisor() }
      return try await stopLeftovers(services)
    }
    let known = before.map(\.service)
    for name in services where !known.contains(name) {
      throw UnknownName.error("started service", name, known: known)
    }
    // Nobody named is everybody. A grace may be long.
    _ = try await supervisor.client.ask(
      ControlRequest(.stop, services: services), until: .after(.seconds(600)))
    if services.isEmpty { try await endSupervisor() }
    return services.isEmpty ? known : services
  }

  /// Waits for the end that it comes to by itself: a signal would be its second one, or its exit code. One that prepares
  /// gets it at once.
  private func endSupervisor() async throws {
    let deadline = Deadline.after(.seconds(60))
    var pause = Backoff(limit: .milliseconds(50))
    while !deadline.hasPassed, case .running(let process) = try await supervisor.settled(),
      process.details.isPreparing != true
    {
      do { try await pause.sleep(until: deadline, "the supervisor's end") } catch is TimeoutError { break }
    }
    guard case .running = try await supervisor.settled() else { return }
    _ = try await supervisor.program.stop(until: .after(.seconds(60)))
  }

  /// Deletes what is kept for services, once none runs: their volumes, images, ports, numbers of replicas and logs.
  /// - Parameter runtime: Where the instance's resources ran.
  package func deleteAll(_ runtime: RuntimeKind?) async throws {
    let folder = supervisor.folder
    // The leash's folder is made by the first container.
    if runtime == .docker || Folder.exists("\(folder.path)/leash") {
      try await deleteObjects()
    } else {
      // Images that were built and never run; an engine that does not answer has none to tell of.
      try? await deleteObjects()
    }
    guard Folder.exists(folder.path) else { return }
    try ServicePorts(home: context.home, id: id).releaseAll()
    try await Folder.removeTree(folder.path)
  }

  /// Volumes and built images of the app's services.
  private func deleteObjects() async throws {
    let client = try await DockerAccess(environment: context.environment).connect()
    let labels = ContainerNames(id: id).labels
    for volume in try await client.listVolumes(labels: labels, until: .after(.seconds(30)))
    where volume.labels[ServiceVolumes.label] != nil {
      try await client.removeVolume(volume.name, until: .after(.seconds(30)))
    }
    for image in try await client.listImages(labels: labels, until: .after(.seconds(30))) {
      try await client.removeImage(image.id, force: true, until: .after(.seconds(60)))
    }
    // Services without resources have one too; resources that still run take it with them.
    try await InstanceContainers(client: client, names: ContainerNames(id: id)).removeIdleNetwork()
  }

  /// What a supervisor left that was killed.
  private func stopLeftovers(_ services: [String]) async throws -> [String] {
    let folder = supervisor.folder
    let left = folder.replicas.filter { services.isEmpty || services.contains($0.service) }
    let stopped = await concurrently(left) { replica -> Result<String?, any Error> in
      do {
        let steps = [StopStep(signal: SIGTERM, patience: .seconds(10))]
        let end = try await NativeProcess.stop(folder.files(replica), steps: steps)
        return .success(end == nil ? nil : replica.service)
      } catch {
        return .failure(error)
      }
    }
    let ended = try stopped.compactMap { try $0.get() }
    return Array(Set(ended + (try await stopContainers(services)))).sorted()
  }

  /// The list of the leash is there as long as a container of it may be.
  private func stopContainers(_ services: [String]) async throws -> [String] {
    guard Folder.exists("\(supervisor.folder.path)/leash/containers") else { return [] }
    let client = try await DockerAccess(environment: context.environment).connect()
    let containers = InstanceContainers(client: client, names: ContainerNames(id: id))
    var ended: [String] = []
    for container in try await client.listContainers(labels: containers.names.labels, until: containers.soon)
    {
      guard let name = container.labels[ContainerKind.service.label],
        let replica = ServiceReplica(name: name),
        services.isEmpty || services.contains(replica.service)
      else { continue }
      try await containers.stop(container.id, patience: .seconds(10))
      try await containers.remove(container.id)
      ended.append(replica.service)
    }
    return ended
  }
}
