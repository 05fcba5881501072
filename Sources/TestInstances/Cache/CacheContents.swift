package import AppState
import Essentials
import MonotonicTime
import Servers

/// What lies in the user's cache. All of it can be made again; nothing of it is anybody's data.
package struct CacheContents: Sendable {
  private let cache: String
  private let spares: Spares?
  private let images: KeptImages?

  /// What lies in a home's cache.
  /// - Parameter withImages: Whether the Docker engine's images with data count; else it is not asked.
  package init(context: DrydockContext, withImages: Bool) async {
    cache = context.home.cache
    spares = Spares(home: context.home)
    images = withImages ? await KeptImages(environment: context.environment) : nil
  }

  /// All that is there: templates, spares, servers, seeds, answers, what else somebody put there, and images.
  package func entries() async throws -> [CacheEntry] {
    let files = try await offThePool {
      KeptTemplates(cache: cache).entries() + (spares?.entries() ?? []) + KeptSeeds(cache: cache).entries()
        + others()
    }
    return files + (await images?.entries(until: .after(Self.patience)) ?? [])
  }

  private static let patience = Duration.seconds(60)

  /// Removes templates, spares and seeds that nobody uses, and what no server can use any more.
  ///
  /// What this drydock does not know stays, and so does what a running server reads.
  /// - Returns: What was removed, and what stays because somebody uses it.
  /// - Throws: `DrydockError.cannotWrite` for what cannot be removed; `DockerError`.
  package func prune() async throws -> (removed: [CacheEntry], used: [CacheEntry]) {
    var (removed, used): ([CacheEntry], [CacheEntry]) = ([], [])
    try await images?.removeLeftovers(until: .after(Self.patience))
    for entry in try await entries() where Self.isRemoved(entry) {
      if try await remove(entry) { removed.append(entry) } else { used.append(entry) }
    }
    return (removed, used)
  }

  private func remove(_ entry: CacheEntry) async throws -> Bool {
    switch entry.kind {
    case .spare: try await spares?.remove(entry) ?? false
    case .seed: try await KeptSeeds(cache: cache).remove(entry)
    case .image: try await images?.remove(entry, until: .after(Self.patience)) ?? false
    case .template, .server, .answers, .other: try await KeptTemplates(cache: cache).remove(entry)
    }
  }

  private static func isRemoved(_ entry: CacheEntry) -> Bool {
    switch entry.kind {
    case .template, .spare, .seed, .image: true
    case .server: entry.condition != .ready
    case .answers, .other: false
    }
  }

  private func others() -> [CacheEntry] {
    // In images are the locks of those who make Docker's.
    let known = KeptTemplates.names + [KeptSeeds.name, "images"]
    let names = FileManager.default.readableNames(in: cache)
    return names.sorted().filter { !known.contains($0) }.map {
      CacheEntry(.other, name: $0, at: "\(cache)/\($0)")
    }
  }
}
