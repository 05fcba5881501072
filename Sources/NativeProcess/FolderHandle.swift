import DrydockBase
package import SystemPackage

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#elseif canImport(Darwin)
  package import Darwin
#endif

/// A folder held by a descriptor.
///
/// What is done in it is done in that very folder, wherever its path leads by then, and no link in it is followed: it may
/// belong to somebody who would like to send root elsewhere.
package struct FolderHandle: ~Copyable {
  let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Opens the folder at a path.
  /// - Parameter followingLink: Whether the path itself may be a link; what is above it is always followed.
  /// - Throws: `Errno`: `.noSuchFileOrDirectory`, `.notDirectory` for anything else that is there.
  package init(_ path: String, followingLink: Bool = false) throws(Errno) {
    self.init(descriptor: try Self.open(AT_FDCWD, path, followingLink ? 0 : O_NOFOLLOW))
  }

  /// Opens a folder in this one.
  package func folder(_ name: String) throws(Errno) -> FolderHandle {
    try folder(Array(name.utf8CString))
  }

  func folder(_ name: [CChar]) throws(Errno) -> FolderHandle {
    FolderHandle(descriptor: try Self.open(descriptor, name, O_NOFOLLOW))
  }

  private static func open(
    _ parent: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32
  ) throws(Errno) -> Int32 {
    let descriptor = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)
    if descriptor < 0 { throw lastErrno() }
    return descriptor
  }

  // MARK: Looking

  /// What the system knows about the folder itself.
  package func status() throws(Errno) -> stat {
    var info = stat()
    if fstat(descriptor, &info) != 0 { throw lastErrno() }
    return info
  }

  /// What is there by that name, a link as itself; nil for nothing.
  package func status(of name: String) throws(Errno) -> stat? { try status(of: Array(name.utf8CString)) }

  func status(of name: [CChar]) throws(Errno) -> stat? {
    var info = stat()
    if fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0 { return info }
    let error = lastErrno()
    if error == .noSuchFileOrDirectory { return nil }
    throw error
  }

  /// The names of what is in it; bytes that are not UTF-8 are replaced.
  package func names() throws(Errno) -> [String] {
    try rawNames().map { $0.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" } }
  }

  /// The names of what is in it as the system has them: any bytes.
  func rawNames() throws(Errno) -> [[CChar]] {
    let copy = try Self.open(descriptor, ".", 0)
    guard let stream = fdopendir(copy) else {
      let error = lastErrno()
      close(copy)
      throw error
    }
    defer { closedir(stream) }
    var names: [[CChar]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        Array($0.bindMemory(to: CChar.self).prefix { $0 != 0 })
      }
      if ![[dot], [dot, dot]].contains(name) { names.append(name + [0]) }
    }
    return names
  }

  /// Opens a regular file for reading: neither a link nor a device, and nothing that would have to be waited for.
  /// - Throws: `Errno`; `.noSuchFileOrDirectory`, `.notPermitted` for what is no regular file.
  package func file(_ name: String) throws(Errno) -> FileDescriptor {
    try regularFile(name, in: descriptor)
  }

  /// The first bytes of a regular file; nil where there is none.
  package func read(_ name: String, limit: Int) -> [UInt8]? {
    guard let file = try? file(name) else { return nil }
    defer { try? file.close() }
    return readToEnd(of: file.rawValue, limit: limit).map { Array($0.prefix(limit)) }
  }

  // MARK: Changing

  /// Sets owner and permissions of the folder itself.
  package func give(user: uid_t, group: gid_t, mode: mode_t) throws(Errno) {
    // In this order: until it has its owner it is open to nobody else.
    if fchown(descriptor, user, group) != 0 || fchmod(descriptor, mode) != 0 { throw lastErrno() }
  }

  /// Makes a folder in it, unless there is one.
  package func makeFolder(_ name: String) throws(Errno) {
    if mkdirat(descriptor, name, 0o700) == 0 { return }
    let error = lastErrno()
    if error != .fileExists { throw error }
  }

  /// Puts a file in place of whatever file or link has that name.
  /// - Parameters:
  ///   - owner: Whom it is given to; nil keeps it.
  ///   - isDurable: Whether its content has reached the disk before it takes the other's place.
  package func write(
    _ bytes: [UInt8], to name: String, mode: mode_t, owner: (user: uid_t, group: gid_t)? = nil,
    isDurable: Bool = true
  ) throws(Errno) {
    let temporary = ".\(name.prefix(200)).\(String(UInt64.random(in: .min ... .max), radix: 36))"
    let descriptor = openat(
      self.descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw lastErrno() }
    let file = FileDescriptor(rawValue: descriptor)
    defer { try? file.close() }
    do {
      try file.writeAll(bytes)
      if let owner, fchown(descriptor, owner.user, owner.group) != 0 { throw lastErrno() }
      guard fchmod(descriptor, mode) == 0, !isDurable || fsync(descriptor) == 0,
        renameat(self.descriptor, temporary, self.descriptor, name) == 0
      else { throw lastErrno() }
    } catch {
      unlinkat(self.descriptor, temporary, 0)
      throw error as? Errno ?? .ioError
    }
  }

  /// Removes a file or a link, not what it leads to; nothing there is fine.
  /// - Throws: `Errno`; `.isDirectory` or `.notPermitted` for a folder.
  package func removeFile(_ name: String) throws(Errno) { try removeFile(Array(name.utf8CString)) }

  func removeFile(_ name: [CChar]) throws(Errno) {
    if unlinkat(descriptor, name, 0) == 0 { return }
    let error = lastErrno()
    if error != .noSuchFileOrDirectory { throw error }
  }
}

private let dot = CChar(UInt8(ascii: "."))

/// Opens a regular file for reading, at a path or in a folder: see `FolderHandle.file`.
func regularFile(_ path: String, in folder: Int32 = AT_FDCWD) throws(Errno) -> FileDescriptor {
  // Without O_NONBLOCK a pipe without a writer would be waited for.
  let descriptor = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
  if descriptor < 0 { throw lastErrno() }
  var info = stat()
  guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
    close(descriptor)
    throw .notPermitted
  }
  return FileDescriptor(rawValue: descriptor)
}

/// The first bytes of a regular file; nil where there is none. A link is not followed, nothing is waited for.
package func contents(ofRegularFile path: String, limit: Int) -> [UInt8]? {
  readSmallFile(path, limit: limit)
}
