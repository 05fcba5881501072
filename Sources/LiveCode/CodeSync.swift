import DrydockBase
import FileWatch
import ImageBuilds
import LocalFiles

/// Carries changed files into containers.
struct CodeSync: Sendable {
  /// The app's folder.
  let root: DirectoryDescriptor
  let target: any CodeTarget

  /// What came of it.
  enum Outcome: Sendable, Hashable {
    /// These files went in, links among them, and these went away, by their paths in the tree; folders do not count.
    case done(put: [String], removed: [String])
    /// The service has to be built again, for the reason given.
    case rebuild(String)
  }

  /// Carries changes into containers, one archive each, with what is there by now.
  /// - Throws: `DockerError`, `DirectoryError`.
  func carry(
    _ changes: [TreeChange], of service: LiveService, into containers: [String]
  ) async throws -> Outcome {
    var members: [SyncArchive.Member] = []
    var (files, folders): ([String], [String]) = ([], [])
    var (put, removed): ([String], [String]) = ([], [])
    for change in try await TreeLook(root).now(changes) {
      switch service.meaning(of: change) {
      case .nothing: continue
      case .restart(let reason): return .rebuild(reason)
      case .put(let places):
        if change.kind == .removed {
          if change.isFolder { folders += places.map(\.path) } else { files += places.map(\.path) }
        } else {
          members += places.map { .init(path: change.path, place: $0) }
        }
        guard !change.isFolder else { continue }
        if change.kind == .removed { removed.append(change.path) } else { put.append(change.path) }
      }
    }
    // The deepest first.
    folders.sort { $0.utf8.count > $1.utf8.count }
    guard !containers.isEmpty else { return .done(put: [], removed: []) }
    let batch = Batch(members: members, files: files, folders: folders)
    let isDone = try await withThrowingTaskGroup(of: Bool.self) { group in
      for container in containers { group.addTask { try await carry(batch, into: container) } }
      return try await group.reduce(true) { $0 && $1 }
    }
    guard isDone else {
      return .rebuild("rebuild \(service.name): files are gone, and its image has no rm to remove them")
    }
    return .done(put: put, removed: removed)
  }

  private struct Batch: Sendable {
    let members: [SyncArchive.Member]
    let files: [String]
    let folders: [String]
  }

  /// What goes away goes first: something else may come to its place.
  private func carry(_ batch: Batch, into container: String) async throws -> Bool {
    guard try await target.remove(files: batch.files, folders: batch.folders, in: container) else {
      return false
    }
    guard !batch.members.isEmpty else { return true }
    let needsNames = batch.members.contains { $0.place.copy.owner.map(CopyOwners.needsNames) == true }
    let owners = needsNames ? try await target.owners(in: container) : CopyOwners()
    let archive = SyncArchive(batch.members, in: root, owners: owners)
    try await target.put(into: container) { try await archive.next() }
    return true
  }
}
