package import DrydockBase
package import Essentials
import LocalFiles
import MonotonicTime
import NativeProcess
import SystemPackage

/// Folders made and removed with errors that name them.
package enum Folder {
  /// Makes a folder and what is missing above it. Folders above get 0711 when root makes them, so that the
  /// users to whom engines drop can pass; the folder itself gets `mode`.
  package static func make(_ path: String, mode: mode_t, above: mode_t? = nil) throws {
    let parents = above ?? (getuid() == 0 ? 0o711 : 0o700)
    try makeParents(URL(filePath: path).deletingLastPathComponent().path, mode: parents)
    if mkdir(path, mode) == 0 {
      chmod(path, mode)
    } else if errno != EEXIST {
      throw failure("make the folder", path)
    }
  }

  private static func makeParents(_ path: String, mode: mode_t) throws {
    var info = stat()
    for folder in upward(from: path).prefix(while: { stat($0, &info) != 0 }).reversed() {
      if mkdir(folder, mode) == 0 {
        chmod(folder, mode)
      } else if errno != EEXIST {
        throw failure("make the folder", folder)
      }
    }
  }

  /// A folder and those above it, the nearest first, by its path's text alone. A relative path, which is all that there is
  /// once the current folder is gone, has none above its first part. It is finite whatever the path is.
  package static func upward(from path: String) -> [String] {
    var parts = path.splitExactly(at: "/")
    let root = path.beginsExactly(with: "/") ? "/" : ""
    var folders: [String] = []
    while !parts.isEmpty {
      folders.append(root + parts.joined(separator: "/"))
      parts.removeLast()
    }
    return root.isEmpty ? folders : folders + [root]
  }

  /// The names in a folder, in order; none where there is no such folder.
  /// - Throws: `DrydockError` where it cannot be read: what may be there is not nothing.
  package static func names(in path: String) throws -> [String] {
    do {
      return try DirectoryDescriptor(path, followingLink: true).names().sorted()
    } catch {
      if error.errno == ENOENT { return [] }
      throw DrydockError(.failed, "cannot read \(path): \(error.reason)")
    }
  }

  /// Removes what is left over, as far as that goes: it is in nobody's way, and whoever comes to the same place next
  /// removes it.
  package static func discard(_ path: String) { try? remove(path) }

  /// The same of a folder that may have much in it.
  package static func discardTree(_ path: String) async { try? await removeTree(path) }

  /// Removes a file, or a folder with everything in it; what is not there is fine.
  ///
  /// No link is followed, not even one that takes a folder's place meanwhile; and nothing is removed that is mounted below.
  package static func remove(_ path: String) throws {
    let url = URL(filePath: path)
    do {
      try DirectoryDescriptor(url.deletingLastPathComponent().path, followingLink: true).removeTree(
        url.lastPathComponent)
    } catch let error as DirectoryError where [ENOENT, ENOTDIR].contains(error.errno) {
      return
    } catch let error as RemovalError where error.isMount {
      throw DrydockError(
        .cannotWrite, "cannot remove \(path): something is mounted at \(error.path)",
        suggestion: "unmount it first")
    } catch {
      let reason = (error as? RemovalError).map { "\($0.path): \($0.errno)" } ?? "\(error)"
      throw DrydockError(.cannotWrite, "cannot remove \(path): \(reason)")
    }
  }

  /// The same of a folder that may have much in it, for what must not hold a thread of the pool. It is not cancelled.
  package static func removeTree(_ path: String) async throws {
    try await offThePool { try remove(path) }
  }

  /// Makes a socket in a folder and removes it again: some network and FUSE file systems have none.
  /// - Throws: `DrydockError.cannotWrite` with another place to use.
  package static func refuseWithoutSockets(_ folder: String) throws {
    #if os(Linux)
      let path = "\(folder)/probe"
      guard mknod(path, S_IFSOCK | 0o600, 0) == 0 else {
        throw DrydockError(
          .cannotWrite, "no socket can be made in \(folder): \(String(cString: strerror(errno)))",
          suggestion: "name a folder on a local disk by DRYDOCK_HOME")
      }
      unlink(path)
    #endif
  }

  /// Whether a folder is there that belongs to the user of this process, and no link to one.
  package static func isOwn(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR && info.st_uid == geteuid()
  }

  /// Whether the disk of a folder has no room left, for bytes or for names.
  package static func isFull(_ path: String) -> Bool {
    var info = statvfs()
    guard statvfs(path, &info) == 0 else { return false }
    return UInt64(info.f_bavail) * UInt64(info.f_frsize) < 1 << 20 || info.f_files > 0 && info.f_favail == 0
  }

  /// Which file system and inode is at a path, links followed; nil where nothing is. Two paths with the same one are one
  /// folder: bind mounts, links, the other case where the file system takes both.
  package static func device(_ path: String) -> [UInt64]? {
    var info = stat()
    return stat(path, &info) == 0 ? [UInt64(info.st_dev), UInt64(info.st_ino)] : nil
  }

  /// Whether something is at that path.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Gives a folder or file to a user; what is in it stays whose it is.
  package static func give(_ path: String, user: uid_t, group: gid_t) throws {
    guard lchown(path, user, group) == 0 else { throw failure("give away", path) }
  }

  package static func failure(_ action: String, _ path: String) -> DrydockError {
    let error = errno
    return DrydockError(
      .cannotWrite, "cannot \(action) \(path): \(String(cString: strerror(error)))",
      suggestion: WriteRemedy.elsewhere(after: error))
  }
}
