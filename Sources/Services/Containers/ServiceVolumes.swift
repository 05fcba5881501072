import Containers
import ConvoxManifest
import DockerEngine
import DrydockBase

/// The volumes that the services of an app share, by the names under `volumes:`.
struct ServiceVolumes: Sendable {
  /// The label that holds what stands in the manifest.
  static let label = "dev.drydock.volume"

  let containers: InstanceContainers

  /// A volume's name in the engine.
  static func name(_ key: String, of id: String) -> String { "drydock-\(id)-volume.\(Slug.make(key))" }

  /// Makes those that a service mounts; one that is there stays as it is.
  func make(for service: Service) async throws {
    for volume in service.volumes.map(ServiceVolume.init) where !volume.isOfHost {
      let name = Self.name(volume.key, of: containers.names.id)
      guard try await containers.client.inspectVolume(name, until: containers.soon) == nil else { continue }
      _ = try await containers.client.createVolume(
        name, labels: containers.names.labels.merging([Self.label: volume.key]) { $1 }, until: containers.soon
      )
    }
  }
}
