import DrydockBase
package import SystemPackage

#if canImport(Darwin)
  package import Darwin
#elseif canImport(Musl)
  package import Musl
#else
  package import Glibc
#endif

/// The files of a folder: regular ones with one name, of the owners that are allowed. Anything else is refused.
extension DirectoryDescriptor {
  /// A file's content; nil for nothing.
  /// - Parameters:
  ///   - limit: The most bytes that it may have.
  ///   - owners: Whose it may be; nil for anybody's.
  /// - Throws: `DirectoryError`.
  package func read(_ name: String, limit: Int, owners: Set<uid_t>? = nil) throws(DirectoryError) -> [UInt8]?
  {
    guard try file(name, owners) != nil else { return nil }
    // Without waiting: what is there now may be a pipe.
    let opened = restarting { openat(descriptor, name, readingWithoutWaiting) }
    guard opened >= 0 else { throw DirectoryError(path: path(of: name), errno: errno) }
    defer { close(opened) }
    var status = stat()
    guard fstat(opened, &status) == 0 else { throw DirectoryError(path: path(of: name), errno: errno) }
    try refuse(status, owners, name)
    guard status.st_size <= off_t(limit) else { throw DirectoryError(.tooLong(limit), path: path(of: name)) }
    guard let bytes = readToEnd(of: opened, limit: limit) else {
      throw DirectoryError(path: path(of: name), errno: errno)
    }
    guard bytes.count <= limit else { throw DirectoryError(.tooLong(limit), path: path(of: name)) }
    return bytes
  }

  /// Opens a regular file for reading: neither a link nor a device, and nothing that would have to be waited for. The
  /// caller closes it.
  /// - Throws: `DirectoryError`.
  package func file(_ name: String) throws(DirectoryError) -> FileDescriptor {
    try check(name)
    do throws(Errno) { return try openRegularFile(name, in: descriptor) } catch {
      throw DirectoryError(path: path(of: name), errno: error.rawValue)
    }
  }

  /// Replaces a file's content, as `AtomicFile.write` does. A file with this content and mode is left alone.
  /// - Parameter isDurable: Whether it has reached the disk when this returns; not needed for what can be written again.
  /// - Returns: Whether the file was written.
  /// - Throws: `DirectoryError`; the file is as it was.
  @discardableResult
  package func write(
    _ bytes: [UInt8], to name: String, mode: mode_t, owners: Set<uid_t>? = nil, isDurable: Bool = true
  ) throws(DirectoryError) -> Bool {
    let existing = try file(name, owners)
    if let existing, existing.st_mode & 0o7777 == mode, existing.st_size == off_t(bytes.count),
      (try? read(name, limit: bytes.count, owners: owners)) == bytes
    {
      return false
    }
    do throws(AtomicFileError) {
      let temporary = try TemporaryFile(in: self, for: name)
      try temporary.replacing(FileSystemPath(name)) { () throws(AtomicFileError) in
        try temporary.append(bytes)
        try temporary.finish(mode: mode, replacing: existing, isDurable: isDurable)
      }
    } catch {
      throw DirectoryError(path: path(of: name), errno: error.errno)
    }
    // A folder that cannot be synced is left at that: the file is whole either way.
    if isDurable, restarting({ fsync(descriptor) }) != 0, errno == EIO {
      throw DirectoryError(path: path, errno: EIO)
    }
    return true
  }

  /// Puts a file in place of whatever file or link has that name.
  /// - Parameters:
  ///   - owner: Whom it is given to; nil for this process's user.
  ///   - isDurable: Whether its content has reached the disk before it takes the other's place.
  /// - Throws: `DirectoryError`; what was there is as it was.
  package func replace(
    _ name: String, with bytes: [UInt8], mode: mode_t, owner: (user: uid_t, group: gid_t)? = nil,
    isDurable: Bool = true
  ) throws(DirectoryError) {
    try check(name)
    do throws(AtomicFileError) {
      let temporary = try TemporaryFile(in: self, for: name)
      try temporary.replacing(FileSystemPath(name)) { () throws(AtomicFileError) in
        try temporary.append(bytes)
        try temporary.finish(mode: mode, owner: owner, isDurable: isDurable)
      }
    } catch {
      throw DirectoryError(path: path(of: name), errno: error.errno)
    }
  }

  /// Removes a file; nothing at that name is fine.
  /// - Throws: `DirectoryError`.
  package func remove(_ name: String, owners: Set<uid_t>? = nil) throws(DirectoryError) {
    guard try file(name, owners) != nil else { return }
    guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
      throw DirectoryError(path: path(of: name), errno: errno)
    }
  }

  /// Refuses what is at a name where that is no file that could be replaced.
  /// - Throws: `DirectoryError`.
  package func refuse(_ name: String, owners: Set<uid_t>? = nil) throws(DirectoryError) {
    _ = try file(name, owners)
  }

  /// The file at a name; nil for nothing.
  private func file(_ name: String, _ owners: Set<uid_t>?) throws(DirectoryError) -> stat? {
    guard let found = try status(of: name) else { return nil }
    try refuse(found, owners, name)
    return found
  }

  private func refuse(_ found: stat, _ owners: Set<uid_t>?, _ name: String) throws(DirectoryError) {
    guard found.isKind(S_IFREG) else { throw DirectoryError(found, wanted: .file, path: path(of: name)) }
    // None at all: it was removed after it was opened.
    guard found.st_nlink <= 1 else { throw DirectoryError(.hardLink, path: path(of: name)) }
    try found.refuse(owners, path: path(of: name))
  }
}
