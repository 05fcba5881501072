import DrydockBase
package import SystemPackage

#if canImport(Darwin)
  package import Darwin
#elseif canImport(Musl)
  package import Musl
#else
  package import Glibc
#endif

/// Something in a folder, by its name as the system has it: any bytes but a slash and a zero.
package struct FolderEntry: Sendable {
  /// The name.
  package let name: [UInt8]
  /// What was there when the folder was read; a link is not followed.
  package let status: stat

  /// The name as text; bytes that are not UTF-8 are replaced.
  package var text: String { String(decoding: name, as: UTF8.self) }
  /// Whether it is a regular file.
  package var isFile: Bool { status.isKind(S_IFREG) }
  /// Whether it is a folder.
  package var isFolder: Bool { status.isKind(S_IFDIR) }
  /// Whether it is a symbolic link.
  package var isLink: Bool { status.isKind(S_IFLNK) }

  /// One letter for its kind: `f`, `d`, `l`; `-` for anything else.
  package var kind: String { isFile ? "f" : isFolder ? "d" : isLink ? "l" : "-" }
  /// The permission bits.
  package var mode: UInt32 { UInt32(status.st_mode & 0o7777) }
  /// Its number in the file system.
  package var inode: UInt64 { UInt64(status.st_ino) }
  /// How many bytes it has.
  package var size: Int { Int(status.st_size) }

  fileprivate var terminated: [CChar] { name.map { CChar(bitPattern: $0) } + [0] }
}

/// A folder entry by entry, whatever the names are.
extension DirectoryDescriptor {
  /// All that is in the folder, in the order of the names' bytes; what vanished meanwhile is left out.
  /// - Throws: `DirectoryError`.
  package func entries() throws(DirectoryError) -> [FolderEntry] {
    var entries: [FolderEntry] = []
    for name in try rawNames() {
      var status = stat()
      if fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 {
        entries.append(FolderEntry(name: name.dropLast().map { UInt8(bitPattern: $0) }, status: status))
      } else if errno != ENOENT {
        throw DirectoryError(path: path(of: LocalFiles.text(of: name)), errno: errno)
      }
    }
    return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  /// What is at a name; nil for nothing.
  /// - Throws: `DirectoryError`.
  package func entry(_ name: String) throws(DirectoryError) -> FolderEntry? {
    try status(of: name).map { FolderEntry(name: Array(name.utf8), status: $0) }
  }

  /// A folder in this one; nil where it is no folder any more.
  /// - Throws: `DirectoryError`.
  package func folder(_ entry: FolderEntry) throws(DirectoryError) -> DirectoryDescriptor? {
    do throws(DirectoryError) {
      return try DirectoryDescriptor(
        at: descriptor, entry.terminated, path: path(of: entry.text), flags: O_NOFOLLOW)
    } catch {
      if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { return nil }
      throw error
    }
  }

  /// Opens a regular file in this folder for reading; nil where it is none any more. The caller closes it.
  /// - Throws: `DirectoryError`.
  package func open(_ entry: FolderEntry) throws(DirectoryError) -> FileDescriptor? {
    let opened = openat(descriptor, entry.terminated, readingWithoutWaiting)
    guard opened >= 0 else {
      if [ENOENT, ELOOP, ENXIO].contains(errno) { return nil }
      throw DirectoryError(path: path(of: entry.text), errno: errno)
    }
    var status = stat()
    guard fstat(opened, &status) == 0, status.isKind(S_IFREG) else {
      close(opened)
      return nil
    }
    return FileDescriptor(rawValue: opened)
  }

  /// Where a symbolic link in this folder leads, byte for byte; nil where it is none any more.
  /// - Throws: `DirectoryError`.
  package func target(of entry: FolderEntry) throws(DirectoryError) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      let text = bytes.bindMemory(to: CChar.self)
      return text.baseAddress.map { readlinkat(descriptor, entry.terminated, $0, text.count) } ?? 0
    }
    guard count >= 0 else {
      if errno == ENOENT || errno == EINVAL { return nil }
      throw DirectoryError(path: path(of: entry.text), errno: errno)
    }
    return Array(buffer.prefix(count))
  }
}

/// A moment as the file system notes it.
package struct FileMoment: Sendable, Hashable {
  /// Seconds since 1970.
  package let seconds: Int
  /// Nanoseconds of the second.
  package let nanoseconds: Int

  fileprivate init(_ time: timespec) { (seconds, nanoseconds) = (Int(time.tv_sec), Int(time.tv_nsec)) }
}

extension FolderEntry {
  #if canImport(Darwin)
    /// When the content was changed.
    package var changed: FileMoment { FileMoment(status.st_mtimespec) }
    /// When content, mode or names were changed, which nobody can set back.
    package var stateChanged: FileMoment { FileMoment(status.st_ctimespec) }
  #else
    /// When the content was changed.
    package var changed: FileMoment { FileMoment(status.st_mtim) }
    /// When content, mode or names were changed, which nobody can set back.
    package var stateChanged: FileMoment { FileMoment(status.st_ctim) }
  #endif
}

/// The system's call, which the type's own `stat` would hide.
private func size(of descriptor: Int32) -> Int? {
  var status = stat()
  return fstat(descriptor, &status) == 0 ? Int(status.st_size) : nil
}

extension FileDescriptor {
  /// How many bytes the file has.
  /// - Throws: `Errno`.
  package func fileSize() throws(Errno) -> Int {
    guard let size = size(of: rawValue) else { throw Errno(rawValue: errno) }
    return size
  }

  /// The next bytes, at most so many; none at the end.
  /// - Throws: `Errno`.
  package func readPiece(_ limit: Int) throws(Errno) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: max(1, limit)) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      let read = restarting { systemRead(rawValue, base, limit) }
      failure = read < 0 ? errno : 0
      count = max(0, read)
    }
    guard failure == 0 else { throw Errno(rawValue: failure) }
    return bytes
  }
}

extension DirectoryDescriptor {
  /// Whether the folder still has a name somewhere: one that was removed has none, however long it is held.
  package var isLinked: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink > 0
  }
}
