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
    let opened = retrying {
      openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    }
    guard opened >= 0 else { throw DirectoryError(path: path(of: name), errno: errno) }
    defer { close(opened) }
    var status = stat()
    guard fstat(opened, &status) == 0 else { throw DirectoryError(path: path(of: name), errno: errno) }
    try refuse(status, owners, name)
    guard status.st_size <= off_t(limit) else { throw DirectoryError(.tooLong(limit), path: path(of: name)) }
    return try contents(of: opened, limit: limit, name)
  }

  private func contents(of opened: Int32, limit: Int, _ name: String) throws(DirectoryError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = retrying { systemRead(opened, &buffer, buffer.count) }
      guard count >= 0 else { throw DirectoryError(path: path(of: name), errno: errno) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { throw DirectoryError(.tooLong(limit), path: path(of: name)) }
    }
  }

  /// Replaces a file's content, as `AtomicFile.write` does. A file with this content and mode is left alone.
  /// - Returns: Whether the file was written.
  /// - Throws: `DirectoryError`; the file is as it was.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String, mode: mode_t, owners: Set<uid_t>? = nil)
    throws(DirectoryError) -> Bool
  {
    let existing = try file(name, owners)
    if let existing, existing.st_mode & 0o7777 == mode, existing.st_size == off_t(bytes.count),
      (try? read(name, limit: bytes.count, owners: owners)) == bytes
    {
      return false
    }
    do throws(AtomicFileError) {
      let temporary = try TemporaryFile(in: self, for: name)
      do throws(AtomicFileError) {
        try temporary.append(bytes)
        try temporary.finish(mode: mode, replacing: existing)
        try temporary.replace(FileSystemPath(name))
      } catch {
        temporary.remove()
        throw error
      }
    } catch {
      throw DirectoryError(path: path(of: name), errno: error.errno)
    }
    // A folder that cannot be synced is left at that: the file is whole either way.
    if retrying({ fsync(descriptor) }) != 0, errno == EIO { throw DirectoryError(path: path, errno: EIO) }
    return true
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
