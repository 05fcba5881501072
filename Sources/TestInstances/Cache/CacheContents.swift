package import AppState
import Foundation
import Servers

/// What lies in the user's cache. All of it can be made again; nothing of it is anybody's data.
package struct CacheContents: Sendable {
  private let cache: String

  /// What lies in a home's cache.
  package init(home: StateHome) { cache = home.cache }

  /// All that is there: templates, servers, seeds, answers, and what else somebody put there.
  package func entries() -> [CacheEntry] {
    KeptTemplates(cache: cache).entries() + KeptSeeds(cache: cache).entries() + others()
  }

  /// Removes templates and seeds that nobody uses, and what no server can use any more.
  ///
  /// What this drydock does not know stays, and so does what a running server reads.
  /// - Returns: What was removed, and what stays because somebody uses it.
  /// - Throws: `DrydockError.cannotWrite` for what cannot be removed.
  package func prune() async throws -> (removed: [CacheEntry], used: [CacheEntry]) {
    var (removed, used): ([CacheEntry], [CacheEntry]) = ([], [])
    for entry in entries() where Self.isRemoved(entry) {
      let isGone =
        entry.kind == .seed
        ? try await KeptSeeds(cache: cache).remove(entry)
        : try await KeptTemplates(cache: cache).remove(entry)
      if isGone { removed.append(entry) } else { used.append(entry) }
    }
    return (removed, used)
  }

  private static func isRemoved(_ entry: CacheEntry) -> Bool {
    switch entry.kind {
    case .template, .seed: true
    case .server: entry.condition != .ready
    case .answers, .other: false
    }
  }

  private func others() -> [CacheEntry] {
    let known = KeptTemplates.names + [KeptSeeds.name]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
    return names.sorted().filter { !known.contains($0) }.map {
      CacheEntry(.other, name: $0, at: "\(cache)/\($0)")
    }
  }
}
