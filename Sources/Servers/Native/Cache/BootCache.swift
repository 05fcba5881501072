import AppState
import Essentials

/// A part of the cache whose content nothing has synced to disk, and which is good until the machine goes down.
struct BootCache: Sendable {
  /// The cache.
  let cache: String
  /// What the part has: `templates`, `servers`.
  let part: String
  /// What the machine is called from one start to the next.
  let boot: String

  /// Makes the part's folders, and removes what was left there before the machine was last started.
  /// - Parameters:
  ///   - further: Folders below, made too.
  ///   - startsPrograms: Whether programs are started from it, so that nobody else may write above it, whoever we are.
  /// - Returns: Whether they are ours to write.
  func prepare(_ further: [String] = [], startsPrograms: Bool = false) async -> Bool {
    let all = "\(cache)/\(part)"
    do {
      try Folder.make(cache, mode: getuid() == 0 ? 0o711 : 0o700)
      // Root writes and removes here, and must not be led elsewhere by whose cache it is.
      guard Folder.isOwn(cache) || geteuid() != 0 && !startsPrograms else { return false }
      for path in [all, "\(all)/\(boot)"] + further {
        try Folder.make(path, mode: 0o711)
        guard Folder.isOwn(path) else { return false }
      }
    } catch {
      return false
    }
    await removeEarlier(in: all)
    return true
  }

  /// Boots are named by UUIDs; what is called otherwise was never ours.
  private func removeEarlier(in all: String) async {
    let names = FileManager.default.readableNames(in: all)
    for name in names where name != boot && UUID(uuidString: name) != nil && Folder.isOwn("\(all)/\(name)") {
      // What stays takes room, and is looked at again.
      try? await Folder.removeTree("\(all)/\(name)")
    }
  }
}
