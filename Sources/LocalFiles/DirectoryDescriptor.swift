import DrydockBase

#if canImport(Darwin)
  package import Darwin
#elseif canImport(Musl)
  package import Musl
#else
  package import Glibc
#endif

/// A folder held by its descriptor. What is in it is named by single components; no link is followed, and what is
/// opened is looked at again once it is open, so that nobody can put something else in its place.
package final class DirectoryDescriptor: Sendable {
  /// The descriptor, which is closed with the object.
  package let descriptor: Int32
  /// The folder's path, for messages alone.
  package let path: String
  /// What the folder was when it was opened: its owner, its permissions.
  package let status: stat

  /// Opens a folder; links on the way to it are followed.
  /// - Parameter followingLink: Whether the path itself may be a link.
  /// - Throws: `DirectoryError`.
  package convenience init(_ path: String, followingLink: Bool) throws(DirectoryError) {
    try self.init(at: AT_FDCWD, path, path: path, flags: followingLink ? 0 : O_NOFOLLOW)
  }

  /// Opens a folder in which nothing but files and folders by their names is wanted: it need not be readable.
  /// - Throws: `DirectoryError`.
  package convenience init(searching path: String) throws(DirectoryError) {
    #if canImport(Darwin)
      try self.init(at: AT_FDCWD, path, path: path, flags: O_EXEC)
    #else
      // O_PATH, which glibc's headers keep back without _GNU_SOURCE; the same number on x86 and ARM.
      try self.init(at: AT_FDCWD, path, path: path, flags: 0o10000000)
    #endif
  }

  private convenience init(
    at base: Int32, _ name: String, path: String, flags: Int32
  ) throws(DirectoryError) {
    try self.init(at: base, Array(name.utf8CString), path: path, flags: flags)
  }

  init(at base: Int32, _ name: [CChar], path: String, flags: Int32) throws(DirectoryError) {
    let descriptor = restarting { openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags) }
    guard descriptor >= 0 else { throw DirectoryError(path: path, errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let failure = errno
      close(descriptor)
      throw DirectoryError(path: path, errno: failure)
    }
    self.descriptor = descriptor
    self.path = path
    self.status = status
  }

  deinit { close(descriptor) }

  /// The path of something in the folder, for messages.
  package func path(of name: String) -> String { path == "/" ? "/\(name)" : "\(path)/\(name)" }

  /// What is at a name, a link not followed; nil for nothing.
  /// - Throws: `DirectoryError`.
  package func status(of name: String) throws(DirectoryError) -> stat? {
    try check(name)
    var status = stat()
    if fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
    if errno == ENOENT { return nil }
    throw DirectoryError(path: path(of: name), errno: errno)
  }

  /// A folder in this one; nil for nothing.
  /// - Parameter owners: Whose it may be; nil for anybody's.
  /// - Throws: `DirectoryError`, for a link and whatever else is no folder too.
  package func directory(_ name: String, owners: Set<uid_t>? = nil) throws(DirectoryError)
    -> DirectoryDescriptor?
  {
    guard let found = try status(of: name) else { return nil }
    guard found.isKind(S_IFDIR) else { throw DirectoryError(found, wanted: .folder, path: path(of: name)) }
    let directory = try DirectoryDescriptor(at: descriptor, name, path: path(of: name), flags: O_NOFOLLOW)
    try directory.status.refuse(owners, path: directory.path)
    return directory
  }

  /// A folder in this one, made if there is none.
  /// - Parameter mode: The permissions of a new one, whatever the umask.
  /// - Throws: `DirectoryError`, as `directory` does.
  package func makingDirectory(_ name: String, mode: mode_t, owners: Set<uid_t>? = nil) throws(DirectoryError)
    -> DirectoryDescriptor
  {
    if let directory = try directory(name, owners: owners) { return directory }
    if mkdirat(descriptor, name, 0o700) == 0 {
      let directory = try DirectoryDescriptor(at: descriptor, name, path: path(of: name), flags: O_NOFOLLOW)
      fchmod(directory.descriptor, mode)
      return directory
    }
    let failure = errno
    // Another command may have made it meanwhile.
    guard failure == EEXIST, let directory = try directory(name, owners: owners) else {
      throw DirectoryError(path: path(of: name), errno: failure)
    }
    return directory
  }

  /// Sets owner and permissions of the folder itself; `status` stays what it was.
  /// - Throws: `DirectoryError`.
  package func give(user: uid_t, group: gid_t, mode: mode_t) throws(DirectoryError) {
    // In this order: until it has its owner it is open to nobody else.
    if fchown(descriptor, user, group) != 0 || fchmod(descriptor, mode) != 0 {
      throw DirectoryError(path: path, errno: errno)
    }
  }

  /// The names of all that is in the folder, sorted; bytes that are not UTF-8 are replaced.
  /// - Throws: `DirectoryError`.
  package func names() throws(DirectoryError) -> [String] {
    try rawNames().map { text(of: $0) }.sorted()
  }

  /// The names as the system has them, each with its NUL: any bytes.
  func rawNames() throws(DirectoryError) -> [[CChar]] {
    // A descriptor of its own: a stream keeps the place of the one that it is given, and closes it.
    let copy = restarting { openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard copy >= 0 else { throw DirectoryError(path: path, errno: errno) }
    guard let stream = fdopendir(copy) else {
      let failure = errno
      close(copy)
      throw DirectoryError(path: path, errno: failure)
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

  /// A name with a slash would lead through folders that nobody has looked at.
  func check(_ name: String) throws(DirectoryError) {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(where: { $0 == 0x2f || $0 == 0 })
    else { throw DirectoryError(path: path(of: name), errno: EINVAL) }
  }
}

private let dot = CChar(UInt8(ascii: "."))

/// A name as text; bytes that are not UTF-8 are replaced.
func text(of name: [CChar]) -> String {
  String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

extension stat {
  func isKind(_ kind: mode_t) -> Bool { st_mode & S_IFMT == kind }

  func refuse(_ owners: Set<uid_t>?, path: String) throws(DirectoryError) {
    guard let owners, !owners.contains(st_uid) else { return }
    throw DirectoryError(.otherOwner(st_uid), path: path)
  }
}
