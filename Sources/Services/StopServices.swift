package import AppState
import Containers
import DockerEngine
package import DrydockBase
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
    let before = try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(10)))
    if let before {
      let known = before.map(\.service)
      let named = services.isEmpty ? known : known.filter(services.contains)
      _ = try await supervisor.client.ask(
        ControlRequest(.stop, services: services.isEmpty ? [] : named), until: .after(.seconds(120)))
      if services.isEmpty { _ = try await supervisor.program.stop(until: .after(.seconds(60))) }
      return named
    }
    return try await stopLeftovers(services)
  }

  /// Deletes what is kept for services, once none runs: their volumes, images, ports, numbers of replicas and logs.
  /// - Parameter runtime: Where the instance's resources ran.
  package func deleteAll(_ runtime: RuntimeKind?) async throws {
    let folder = supervisor.folder
    guard Folder.exists(folder.path) else { return }
    if runtime == .docker { try await deleteObjects() }
    // What cannot be understood keeps nobody from deleting it.
    let services = (try? ServiceStore(folder).load().services.keys).map(Array.init) ?? []
    try ServicePorts(home: context.home, id: id).releaseAll(services, folder.replicas)
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
    return Array(Set(try stopped.compactMap { try $0.get() })).sorted()
  }
}

extension SupervisorProcess {
  /// What a command says that needs services which run.
  package static let notStarted = DrydockError(
    .failed, "the app's services are not started", suggestion: "start them: drydock start")

  /// Notes numbers of replicas, so that they count from the next start on.
  package func remember(_ counts: [String: Int]) async throws {
    try await ServiceStore(folder).update { records in
      for (service, count) in counts { records.services[service, default: ServiceRecord()].count = count }
    }
  }
}
