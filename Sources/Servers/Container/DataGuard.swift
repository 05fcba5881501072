package import DockerEngine
package import DrydockBase
package import MonotonicTime
package import Planning

/// Keeps data that has served from being lost, or from being replaced by a fresh and empty database, where a container is
/// made anew.
package struct DataGuard: Sendable {
  package let place: DataPlace
  package let volume: String
  package let spec: ResourceSpec
  package let client: DockerClient
  package let deadline: Deadline

  /// Refuses to remove a container that has the data in itself.
  package func refuseLoss(with container: ContainerDetails) async throws {
    guard let mark = place.markPath(in: container) else { return }
    let hasMark = try await client.hasPath(mark, in: container.id, until: deadline)
    if place.lies(in: volume, of: container) {
      if !hasMark { throw nothing(at: mark, container.image) }
      return
    }
    let port = container.portBindings.first.map { ", --port \(spec.name)=\($0.hostPort)" } ?? ""
    throw DrydockError(
      .dataMismatch,
      "resource \(spec.name): its data lies in the container \(container.name) itself, which would have to be made anew",
      suggestion: "bring it up as it was (image \(container.image)\(port)), and take the data with you:",
      details: [
        "drydock resources export \(spec.name) -f data.sql",
        "drydock down \(spec.name) --delete-data, then drydock up",
        "drydock resources import \(spec.name) -f data.sql",
      ])
  }

  /// Refuses a new container whose image would begin with a fresh database, and removes it.
  package func refuseFresh(in container: String, _ image: String) async throws {
    guard let mark = place.markPath, try await !client.hasPath(mark, in: container, until: deadline) else {
      return
    }
    try await client.removeContainer(container, force: true, volumes: true, until: deadline)
    throw nothing(at: mark, image)
  }

  /// Whether a server that runs keeps its data elsewhere than in its volume: an image's own settings or entry script may have
  /// moved it, which no variable tells. That there is data in the volume says nothing where that was filled for the server.
  package func isUnkept(in container: ContainerDetails) async throws -> Bool {
    guard let mark = place.servedMarkPath(in: container) else { return false }
    guard place.lies(in: volume, of: container) else { return true }
    return try await !client.hasPath(mark, in: container.id, until: deadline)
  }

  /// What is said of such an image.
  package func unkept(_ image: String) -> DrydockError {
    DrydockError(
      .dataMismatch,
      "resource \(spec.name): the image \(image) keeps its data elsewhere than in \(place.directory), where it would "
        + "be lost with the container",
      suggestion:
        "take an image that keeps it there, or one that names the folder by the variable of the official image"
    )
  }

  private func nothing(at mark: String, _ image: String) -> DrydockError {
    DrydockError(
      .dataMismatch,
      "resource \(spec.name): its volume \(volume) does not hold its data where the image \(image) has it (\(mark))",
      suggestion: "name the image that made it by DRYDOCK_IMAGE_\(spec.product.uppercased()), "
        + "or start fresh: drydock down \(spec.name) --delete-data")
  }
}
