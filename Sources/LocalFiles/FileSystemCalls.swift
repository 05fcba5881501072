import DrydockBase

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A path and what the system says of it.
struct FileSystemPath {
  var text: String

  init(_ text: String) {
    self.text = text
  }

  /// The folder part, `.` for a bare name.
  var folder: String {
    guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == text.startIndex ? "/" : String(text[..<slash])
  }

  /// Where links at the end of the path lead, be there a file or not yet. root follows no link of another user's, at the
  /// end or before: it would be that user who chose what root writes.
  func followingLinks() throws(AtomicFileError) -> FileSystemPath {
    if geteuid() == 0 { try refuseStrangersLinks() }
    var path = self
    for _ in 0..<40 {
      guard let target = path.linkTarget else { return path }
      path = FileSystemPath(target.beginsExactly(with: "/") ? target : "\(path.folder)/\(target)")
    }
    throw AtomicFileError(path: text, errno: ELOOP)
  }

  /// Goes the way that the system goes, link by link.
  private func refuseStrangersLinks() throws(AtomicFileError) {
    var pending = Array(text.splitExactly(at: "/").reversed())
    var place = text.beginsExactly(with: "/") ? "" : "."
    var links = 0
    while let part = pending.popLast() {
      let next = "\(place)/\(part)"
      var status = stat()
      guard lstat(next, &status) == 0 else { return }
      guard status.st_mode & S_IFMT == S_IFLNK else {
        place = next
        continue
      }
      guard status.st_uid == 0 else { throw AtomicFileError(.strangersLink, path: next, errno: 0) }
      links += 1
      guard links <= 40, let target = FileSystemPath(next).linkTarget else { return }
      if target.beginsExactly(with: "/") { place = "" }
      pending += target.splitExactly(at: "/").reversed()
    }
  }

  /// What is there; nil for nothing.
  func status() throws(AtomicFileError) -> stat? {
    var status = stat()
    if stat(text, &status) == 0 { return status }
    if errno == ENOENT { return nil }
    throw AtomicFileError(path: text, errno: errno)
  }

  /// Whether the file has exactly these bytes; false if it cannot be read.
  func holds(_ bytes: [UInt8], _ status: stat) -> Bool {
    guard status.st_size == off_t(bytes.count) else { return false }
    let descriptor = restarting { open(text, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var offset = 0
    return withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
      while offset < bytes.count {
        let count = restarting { read(descriptor, buffer.baseAddress, buffer.count) }
        guard count > 0, offset + count <= bytes.count,
          bytes[offset..<(offset + count)].elementsEqual(buffer[..<count])
        else { return false }
        offset += count
      }
      return true
    }
  }

  /// Makes the names in the folder outlast a power cut. Folders that cannot be opened for reading, and file
  /// systems that cannot sync one, are left at that: the file itself is whole either way.
  func syncFolder() throws(AtomicFileError) {
    let descriptor = restarting { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let failure = restarting { fsync(descriptor) } == 0 ? 0 : errno
    if failure == EIO { throw AtomicFileError(path: folder, errno: failure) }
  }

  private var linkTarget: String? {
    withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let count = readlink(text, base.assumingMemoryBound(to: CChar.self), buffer.count)
      return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }
  }
}

/// A new file with a name of its own, open for writing.
struct TemporaryFile {
  private let path: String
  private let descriptor: Int32
  private let target: String
  /// What the path is relative to.
  private let base: Int32

  init(beside target: FileSystemPath) throws(AtomicFileError) {
    try self.init("\(target.folder)/", base: AT_FDCWD, target: target.text)
  }

  init(in directory: DirectoryDescriptor, for name: String) throws(AtomicFileError) {
    try self.init("", base: directory.descriptor, target: directory.path(of: name))
  }

  private init(_ prefix: String, base: Int32, target: String) throws(AtomicFileError) {
    LeftoverFiles.remove(from: prefix.isEmpty ? "." : prefix, relativeTo: base)
    let name = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let created = "\(prefix).drydock-\(name).tmp"
    (path, self.base, self.target) = (created, base, target)
    descriptor = restarting { openat(base, created, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    guard descriptor >= 0 else { throw AtomicFileError(path: target, errno: errno) }
    // Says that its writer lives; where there are no locks, nobody takes it for abandoned either.
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
  }

  func append(_ bytes: [UInt8]) throws(AtomicFileError) {
    let failure = writeAll(bytes, to: descriptor)
    if failure != 0 { throw AtomicFileError(path: target, errno: failure) }
  }

  /// Owner first: changing it clears the set-id bits.
  func finish(mode: mode_t, replacing existing: stat?, isDurable: Bool = true) throws(AtomicFileError) {
    if let existing, existing.st_uid != geteuid() || existing.st_gid != getegid() {
      _ = fchown(descriptor, existing.st_uid, existing.st_gid)
    }
    try check(fchmod(descriptor, mode))
    if isDurable { try check(restarting { fsync(descriptor) }) }
  }

  /// Gives the file to a user, this process's own where that is nil.
  func finish(
    mode: mode_t, owner: (user: uid_t, group: gid_t)?, isDurable: Bool
  ) throws(AtomicFileError) {
    if let owner { try check(fchown(descriptor, owner.user, owner.group)) }
    try check(fchmod(descriptor, mode))
    if isDurable { try check(restarting { fsync(descriptor) }) }
  }

  /// Fills the file and puts it in a target's place; where either fails, nothing is left of it.
  func replacing(
    _ target: FileSystemPath, _ fill: () throws(AtomicFileError) -> Void
  ) throws(AtomicFileError) {
    do throws(AtomicFileError) {
      try fill()
      try replace(target)
    } catch {
      remove()
      throw error
    }
  }

  func replace(_ target: FileSystemPath) throws(AtomicFileError) {
    try check(renameat(base, path, base, target.text))
    close(descriptor)
  }

  func remove() {
    close(descriptor)
    unlinkat(base, path, 0)
  }

  private func check(_ result: Int32) throws(AtomicFileError) {
    if result != 0 { throw AtomicFileError(path: target, errno: errno) }
  }
}
