package import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What could not be removed, and why.
package struct RemovalError: Error, Sendable, Hashable {
  /// Its path below the folder in which it was to be removed.
  package let path: String
  /// The system's reason.
  package let errno: Errno
  /// Whether another file system is mounted there, which is not emptied.
  package var isMount: Bool { errno == .resourceBusy }
}

extension DirectoryDescriptor {
  /// Removes what has that name, a folder with everything in it; nothing there is fine.
  ///
  /// No link is followed, even if folders are exchanged for links meanwhile. Root first takes each folder over, so that
  /// its owner can put nothing more into it. Another file system that is mounted below is left alone.
  /// - Throws: `RemovalError`.
  package func removeTree(_ name: String) throws(RemovalError) {
    try remove(Array(name.utf8CString), below: "", depth: 0, top: nil)
  }

  /// How many folders are held open one below the other; deeper ones are moved up first.
  private static var deepest: Int { 64 }
  /// A bound where somebody goes on filling what is to be removed.
  private static var mostPasses: Int { 100_000 }

  private typealias Top = (folder: Int32, device: dev_t)

  private func remove(
    _ name: [CChar], below place: String, depth: Int, top: Top?
  ) throws(RemovalError) {
    let place = place + text(of: name)
    do throws(DirectoryError) {
      let failure = unlinkat(descriptor, name, 0) == 0 ? 0 : errno
      if failure == 0 || failure == ENOENT { return }
      // Linux says EISDIR of a folder, POSIX EPERM.
      guard failure == EISDIR || failure == EPERM, try isFolder(name) else {
        throw DirectoryError(path: place, errno: failure)
      }
    } catch {
      throw RemovalError(path: place, errno: error)
    }
    let inner: DirectoryDescriptor
    do throws(DirectoryError) {
      inner = try DirectoryDescriptor(at: descriptor, name, path: path(of: text(of: name)), flags: O_NOFOLLOW)
    } catch {
      throw RemovalError(path: place, errno: error)
    }
    try empty(inner, place, depth, top)
    if unlinkat(descriptor, name, AT_REMOVEDIR) != 0 {
      throw RemovalError(path: place, errno: Errno(rawValue: errno))
    }
  }

  private func isFolder(_ name: [CChar]) throws(DirectoryError) -> Bool {
    var info = stat()
    if fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0 { return info.isKind(S_IFDIR) }
    if errno == ENOENT { return false }
    throw DirectoryError(path: path(of: text(of: name)), errno: errno)
  }

  private func empty(
    _ inner: DirectoryDescriptor, _ place: String, _ depth: Int, _ top: Top?
  ) throws(RemovalError) {
    if let top, inner.status.st_dev != top.device { throw RemovalError(path: place, errno: .resourceBusy) }
    do throws(DirectoryError) {
      if geteuid() == 0, inner.status.st_uid != 0 { try inner.give(user: 0, group: 0, mode: 0o700) }
      if let top, depth >= Self.deepest { try inner.moveFolders(to: top.folder) }
    } catch {
      throw RemovalError(path: place, errno: error)
    }
    let top = top ?? (inner.descriptor, inner.status.st_dev)
    for _ in 0..<(depth == 0 ? Self.mostPasses : 1) {
      let names: [[CChar]]
      do throws(DirectoryError) { names = try inner.rawNames() } catch {
        throw RemovalError(path: place, errno: error)
      }
      if names.isEmpty { return }
      for name in names { try inner.remove(name, below: place + "/", depth: depth + 1, top: top) }
    }
  }

  /// Moves the folders in this one into another, under names that nobody has.
  private func moveFolders(to folder: Int32) throws(DirectoryError) {
    for name in try rawNames() {
      guard try isFolder(name) else { continue }
      let other = "removed-\(String(UInt64.random(in: .min ... .max), radix: 36))"
      if renameat(descriptor, name, folder, other) != 0 {
        throw DirectoryError(path: path(of: text(of: name)), errno: errno)
      }
    }
  }
}

extension RemovalError {
  fileprivate init(path: String, errno error: DirectoryError) {
    self.init(path: path, errno: Errno(rawValue: error.errno))
  }
}
