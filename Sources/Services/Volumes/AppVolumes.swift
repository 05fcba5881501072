package import AppState
import Containers
package import ConvoxManifest
import DockerEngine
import DrydockBase
import Essentials
import MonotonicTime

/// A volume that the services of an app share, with its data.
package struct AppVolume: Sendable, Hashable, Codable {
  /// What the manifest calls it: what stands before the colon, else the path.
  package var name: String
  /// The services that mount it, as the manifest says by now.
  package var services: [String]
  /// What the Docker engine calls it; nil for one of processes, which is a folder.
  package var volume: String?
  /// Where it lies, for containers on the engine's host; nil where the engine does not say it.
  package var folder: String?
  /// When it was made.
  package var createdAt: String?
  /// How many bytes it has; nil where that is not known.
  package var bytes: Int64?
}

/// The volumes of an app's services: in the Docker engine, and the folders of those that run as processes.
package struct AppVolumes: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  private let manifest: Manifest?

  /// The volumes of an instance.
  /// - Parameter manifest: Says which services mount them; nil where there is none.
  package init(context: DrydockContext, instance: InstanceState, manifest: Manifest?) {
    self.context = context
    self.instance = instance
    self.manifest = manifest
  }

  /// All of them, by name.
  /// - Throws: `DrydockError.unavailable` where no engine answers, `DockerError`.
  package func list() async throws -> [AppVolume] {
    let folders = self.folders.list().map { volume in
      AppVolume(
        name: volume.name, services: services(of: volume.name), folder: volume.folder,
        createdAt: volume.createdAt?.formatted(.iso8601), bytes: DiskSize.of(volume.folder))
    }
    guard mayHaveVolumes else { return folders }
    return (try await list(try await connect()) + folders).sorted { $0.name < $1.name }
  }

  private var folders: FolderVolumes { FolderVolumes(ServiceFolder(home: context.home, id: instance.id)) }

  /// Removes some of them with their data.
  /// - Throws: `DrydockError` for one that there is not, and for one that something uses: nothing is removed where that can be
  ///   told before.
  package func remove(_ names: [String]) async throws {
    let known = try await list()
    for name in names where !known.contains(where: { $0.name == name }) {
      throw UnknownName.error("volume", name, known: known.map(\.name))
    }
    for volume in known where names.contains(volume.name) {
      guard let name = volume.volume else {
        try await removeFolder(volume)
        continue
      }
      do {
        try await connect().removeVolume(name, until: .after(.seconds(30)))
      } catch let error as DockerError where error.code == .conflict {
        throw Self.inUse(volume)
      }
    }
  }

  /// Nothing else tells whether a folder is in use: a service of it that is started is one that uses it.
  private func removeFolder(_ volume: AppVolume) async throws {
    let client = SupervisorProcess(context: context, id: instance.id).client
    let started = try await client.ask(ControlRequest(.status), until: .after(.seconds(10))) ?? []
    guard !started.contains(where: { volume.services.contains($0.service) && $0.desired > 0 }) else {
      throw Self.inUse(volume)
    }
    try await folders.remove(volume.name)
  }

  private static func inUse(_ volume: AppVolume) -> DrydockError {
    let services = volume.services.joined(separator: " ")
    let users = volume.services.isEmpty ? "a container" : volume.services.joined(separator: ", ")
    let who = volume.volume.map { "which one: docker ps -a --filter volume=\($0)" }
    return DrydockError(
      .failed, "the volume \(volume.name) is in use by \(users), and stays",
      suggestion: services.isEmpty ? who : "stop first what uses it: drydock stop \(services)"
    )
  }

  /// Where no service was ever in a container, no engine need be here to say that there is no volume.
  private var mayHaveVolumes: Bool {
    instance.runtime == .docker
      || Folder.exists("\(ServiceFolder(home: context.home, id: instance.id).path)/leash")
  }

  private func connect() async throws -> DockerClient {
    try await DockerAccess(environment: context.environment).connect()
  }

  private func list(_ client: DockerClient) async throws -> [AppVolume] {
    let labels = ContainerNames(id: instance.id).labels.merging([ServiceVolumes.label: ""]) { $1 }
    let found = try await client.listVolumes(labels: labels, until: .after(.seconds(30)))
    // An engine before 23 measures everything else with it, and may take its time.
    let sizes = found.isEmpty ? [:] : (try? await client.volumeSizes(until: .after(.seconds(10)))) ?? [:]
    return found.compactMap { volume in
      volume.labels[ServiceVolumes.label].map { name in
        AppVolume(
          name: name, services: services(of: name), volume: volume.name, folder: volume.mountpoint,
          createdAt: volume.createdAt, bytes: sizes[volume.name])
      }
    }.sorted { $0.name < $1.name }
  }

  private func services(of name: String) -> [String] {
    let services = manifest?.services ?? []
    return services.filter { $0.volumes.map(ServiceVolume.init).contains { !$0.isOfHost && $0.key == name } }
      .map(\.name)
  }
}
