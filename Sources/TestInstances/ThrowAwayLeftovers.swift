package import AppState
import DrydockBase
import Essentials
package import MonotonicTime
package import NativeProcess

/// Throw-away instances that are there: those that somebody kept, and those that a run left whose guard was killed too.
package struct ThrowAwayLeftovers: Sendable {
  /// Whose ports are released afterwards; nil for folders in which nothing listens.
  private let home: StateHome?
  private let folders: ThrowAwayFolders
  private let keeper: Keeper

  /// Those of this user.
  package init(home: StateHome, keeper: Keeper) {
    self.home = home
    self.folders = ThrowAwayFolders(home: home)
    self.keeper = keeper
  }

  /// Those in other folders, in which nothing listens and one process at a time makes any: this one.
  init(parents: [String], keeper: Keeper) {
    self.home = nil
    self.folders = ThrowAwayFolders(parents: parents)
    self.keeper = keeper
  }

  /// Removes one that was kept.
  /// - Parameter name: The last part of its folder's path.
  /// - Throws: `DrydockError.failed` where there is none of that name.
  package func remove(_ name: String, until deadline: Deadline) async throws {
    let kept = folders.kept()
    guard let folder = kept.first(where: { $0.endsExactly(with: "/\(name)") }) else {
      throw UnknownName.error(
        "kept instance", name, known: kept.map { URL(filePath: $0).lastPathComponent })
    }
    try await clear(folder, until: deadline)
    releasePorts()
  }

  private func releasePorts() {
    guard let home else { return }
    PortAllocator(folder: home.ports, isStale: home.isGone(owner:)).releaseStale()
  }

  /// Removes what a run left whose guard is gone. What cannot be removed now is tried again by the next run.
  package func sweep(until deadline: Deadline) async {
    for folder in folders.all(where: isAbandoned) { try? await clear(folder, until: deadline) }
    releasePorts()
  }

  /// Nobody holds it, and nobody is about to. One without its name yet is being made, unless that was long ago, or nobody
  /// else makes any.
  private func isAbandoned(_ folder: String) -> Bool {
    let isUnfinished = URL(filePath: folder).lastPathComponent.hasPrefix(".new-")
    var info = stat()
    let isOld = lstat(folder, &info) == 0 && Date().timeIntervalSince1970 - Double(info.st_mtim.tv_sec) > 600
    return (!isUnfinished || isOld || home == nil) && !InstanceLock.isHeld(folder)
      && FolderGuard(of: folder) == nil
  }

  private func clear(_ folder: String, until deadline: Deadline) async throws {
    // A guard that begins with its holder gone clears at once.
    let guardian =
      if let present = FolderGuard(of: folder) { present } else {
        try await FolderGuard.start(keeper, folder: folder, leash: nil, until: deadline)
      }
    try await guardian.clear()
  }
}
