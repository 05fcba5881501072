package import AppState
import Containers
import DockerEngine
import Essentials
package import MonotonicTime

/// The images with engines' data in them, as the cache tells of them.
package struct KeptImages: Sendable {
  private let images: BakedImages

  /// Those of an engine.
  init(_ client: DockerClient) { images = BakedImages(client) }

  /// Those of the Docker engine that answers; nil without one.
  package init?(environment: [String: String]) async {
    guard let client = try? await DockerAccess(environment: environment).connect() else { return nil }
    self.init(client)
  }

  /// All of them, the newest first; none where the engine does not tell.
  package func entries(until deadline: Deadline) async -> [CacheEntry] {
    ((try? await images.list(until: deadline)) ?? []).map(Self.entry)
  }

  /// Removes one.
  /// - Returns: Whether it is gone: not where a container is of it.
  /// - Throws: `DockerError`.
  package func remove(_ entry: CacheEntry, until deadline: Deadline) async throws -> Bool {
    guard let image = try await images.list(until: deadline).first(where: { $0.name == entry.path }) else {
      return true
    }
    return try await images.remove(image, until: deadline)
  }

  /// Removes what is left of commands that were killed while they made one.
  /// - Throws: `DockerError`.
  package func removeLeftovers(until deadline: Deadline) async throws {
    try await images.removeLeftovers(until: deadline)
  }

  private static func entry(_ image: BakedImage) -> CacheEntry {
    CacheEntry(
      .image, name: image.engine, bytes: Int64(image.size),
      lastUsed: Date(timeIntervalSince1970: Double(image.created)), path: image.name)
  }
}
