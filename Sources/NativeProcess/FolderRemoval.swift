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

extension FolderHandle {
  /// Removes what has that name, a folder with everything in it; nothing there is fine.
  ///
  /// No link is followed, even if folders are exchanged for links meanwhile. Root first takes each folder over, so that
  /// its owner can put nothing more into it. Another file system that is mounted below is left alone.
  /// - Throws: `RemovalError`.
  package func remove(_ name: String) throws(RemovalError) {
    try remove(Array(name.utf8CString), below: "", depth: 0, top: nil)
  }

  /// How many folders are held open one below the other; deeper ones are moved up first.
  private static var deepest: Int { 64 }
  /// A bound where somebody goes on filling what is to be removed.
  private static var mostPasses: Int { 100_000 }

  private typealias Top = (folder: Int32, device: dev_t)

  private func remove(_ name: [CChar], below path: String, depth: Int, top: Top?) throws(RemovalError) {
    let path = path + name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    do {
      do {
        return try removeFile(name)
      } catch {
        // Linux says EISDIR of a folder, POSIX EPERM.
        guard error == .isDirectory || error == .notPermitted, let info = try status(of: name),
          info.st_mode & S_IFMT == S_IFDIR
        else { throw error }
      }
      try empty(try folder(name), path + "/", depth, top)
      if unlinkat(descriptor, name, AT_REMOVEDIR) != 0 { throw lastErrno() }
    } catch let error as RemovalError {
      throw error
    } catch {
      throw RemovalError(path: path, errno: error as? Errno ?? .ioError)
    }
  }

  private func empty(_ inner: borrowing FolderHandle, _ path: String, _ depth: Int, _ top: Top?) throws {
    let info = try inner.status()
    if let top, info.st_dev != top.device { throw Errno.resourceBusy }
    if geteuid() == 0, info.st_uid != 0 { try inner.give(user: 0, group: 0, mode: 0o700) }
    if let top, depth >= Self.deepest { try inner.moveFolders(to: top.folder) }
    let top = top ?? (inner.descriptor, info.st_dev)
    for _ in 0..<(depth == 0 ? Self.mostPasses : 1) {
      let names = try inner.rawNames()
      if names.isEmpty { return }
      for name in names { try inner.remove(name, below: path, depth: depth + 1, top: top) }
    }
  }

  /// Moves the folders in this one into another, under names that nobody has.
  private func moveFolders(to folder: Int32) throws {
    for name in try rawNames() {
      guard let info = try status(of: name), info.st_mode & S_IFMT == S_IFDIR else { continue }
      let other = "removed-\(String(UInt64.random(in: .min ... .max), radix: 36))"
      if renameat(descriptor, name, folder, other) != 0 { throw lastErrno() }
    }
  }
}
