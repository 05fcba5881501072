import DrydockBase
import Essentials

/// Where throw-away instances lie: each is a folder with a home of its own in it, so that whatever works with a home works
/// with one, and nothing of it is in the user's.
extension StateHome {
  /// The home of a throw-away instance.
  /// - Parameters:
  ///   - folder: The instance's folder.
  ///   - home: The user's own, with which it shares ports, the certificate authority and the cache.
  package init(throwAway folder: String, beside home: StateHome) {
    self.init(
      root: "\(folder)/home", engines: "\(folder)/engines", sockets: home.sockets, cache: home.cache,
      lender: home.root)
  }

  /// The folders in which throw-away instances are, in memory and on disk.
  package var throwAwayFolders: (memory: String?, disk: String) {
    #if os(Linux)
      let memory: String? = Self.sockets(in: "/dev/shm", of: geteuid())
    #else
      let memory: String? = nil
    #endif
    return (memory, "\(engines)-tests")
  }

  /// The folder of data directories that are made beforehand: beside those that instances have, so that one is renamed.
  package var spares: String { "\(engines)-spares" }

  /// Whether it is a throw-away instance's home that lies in memory.
  package var isInMemory: Bool {
    throwAwayFolders.memory.map { engines.beginsExactly(with: "\($0)/") } ?? false
  }

  /// Whether a port's owner is nobody any more: an instance that was forgotten without its ports, or half a line.
  /// - Parameter owner: `INSTANCE/LISTENER`.
  package func isGone(owner: String) -> Bool {
    let id = String(owner.prefix { $0 != "/" })
    let home = lender.map { "\($0)/instances/\(id)" } ?? instance(id)
    let folders = throwAwayFolders
    return !([home, "\(folders.disk)/\(id)", folders.memory.map { "\($0)/\(id)" }].compactMap { $0 })
      .contains(where: Folder.exists)
  }
}
