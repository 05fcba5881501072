// The first file of the module, by name, that imports the C library has to import it as the public interface needs it: to an
// optimised build its types are that import's.
#if canImport(Darwin)
  package import Darwin
#elseif canImport(Musl)
  package import Musl
#else
  package import Glibc
#endif

/// Writes whole files so that a reader sees the old content or the new one, and a crash leaves one of them.
package enum AtomicFile {
  /// Replaces a file's content: a temporary file beside it, fsync, rename, fsync of the folder.
  ///
  /// A symbolic link stays and its target is replaced; root refuses one of another user's. An existing file keeps its owner where we may set it;
  /// its other hard links keep the old content.
  /// - Parameters:
  ///   - bytes: The new content.
  ///   - path: The file.
  ///   - mode: The permissions; nil keeps those of an existing file and gives a new one 0600, whatever the umask.
  ///   - onlyIfChanged: Whether a file with this content and mode already is left alone.
  /// - Returns: Whether the file was written.
  /// - Throws: `AtomicFileError`; the file is as it was (but for a failing disk at the
  ///   very end), and the temporary one is gone.
  @discardableResult
  package static func write(
    _ bytes: [UInt8], to path: String, mode: mode_t? = nil, onlyIfChanged: Bool = false
  ) throws(AtomicFileError) -> Bool {
    let target = try FileSystemPath(path).followingLinks()
    let existing = try target.status()
    if let existing, existing.st_mode & S_IFMT != S_IFREG {
      throw AtomicFileError(.notRegularFile, path: path, errno: 0)
    }
    let wanted = mode ?? existing.map { $0.st_mode & 0o7777 } ?? 0o600
    if onlyIfChanged, let existing, existing.st_mode & 0o7777 == wanted, target.holds(bytes, existing) {
      return false
    }
    let temporary = try TemporaryFile(beside: target)
    try temporary.replacing(target) { () throws(AtomicFileError) in
      try temporary.append(bytes)
      try temporary.finish(mode: wanted, replacing: existing)
    }
    try target.syncFolder()
    return true
  }
}

/// A file could not be written.
package struct AtomicFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason, as far as somebody can do something about it.
  package enum Code: String, Sendable, Hashable, Codable {
    /// The disk is full, out of inodes, or the quota is used up.
    case noSpace
    /// The file system takes no changes.
    case readOnly
    /// The user may not write there.
    case notPermitted
    /// A folder of the path is missing.
    case noFolder
    /// Something else than a file is there: a folder, a device, a pipe.
    case notRegularFile
    /// Links that lead in a circle.
    case linkLoop
    /// root was to write through another user's link.
    case strangersLink
    /// The file system cannot do what an atomic write takes, such as renaming.
    case unsupported
    /// Anything else; `errno` says what.
    case failed
  }

  /// The reason.
  package var code: Code
  /// The file or folder.
  package var path: String
  /// The system's error number; 0 where no call failed.
  package var errno: Int32

  /// An error about a path.
  package init(_ code: Code, path: String, errno: Int32) {
    self.code = code
    self.path = path
    self.errno = errno
  }

  init(path: String, errno: Int32) {
    self.init(Self.code(of: errno), path: path, errno: errno)
  }

  private static func code(of errno: Int32) -> Code {
    switch errno {
    case ENOSPC, EDQUOT, EFBIG: .noSpace
    case EROFS: .readOnly
    case EACCES, EPERM: .notPermitted
    case ENOENT, ENOTDIR: .noFolder
    case ELOOP: .linkLoop
    case EISDIR: .notRegularFile
    case ENOSYS, EOPNOTSUPP, EINVAL: .unsupported
    default: .failed
    }
  }

  /// What failed in words.
  package var message: String { "\(path) cannot be written: \(reason)" }

  /// Why, for messages that name the path themselves.
  package var reason: String {
    switch code {
    case .notRegularFile: "it is no regular file"
    case .noFolder: "its folder does not exist"
    case .strangersLink: "it is a link of another user's, which root does not follow"
    default: String(cString: strerror(errno))
    }
  }

  /// What to do about it, where there is something.
  package var suggestion: String? {
    switch code {
    case .noSpace where errno == EFBIG: "raise the limit of file sizes: ulimit -f"
    case .noSpace:
      access(path, F_OK) == 0 ? "free some space; the old content is still there" : "free some space"
    case .readOnly: "choose a folder that can be written to"
    case .notPermitted: "check the owner and the permissions of the file and its folder"
    case .noFolder: "create the folder"
    case .notRegularFile, .linkLoop: "choose another path"
    case .strangersLink: "name the file that it leads to"
    case .unsupported: "its file system lacks what is needed here: choose a folder on a local disk"
    case .failed: nil
    }
  }

  /// The message.
  package var description: String { message }
}
