#if canImport(Darwin)
  package import Darwin
#elseif canImport(Musl)
  package import Musl
#else
  package import Glibc
#endif

/// Something in a folder is not what belongs there, or the system refused a call.
package struct DirectoryError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason.
  package enum Code: Sendable, Hashable {
    /// A symbolic link.
    case link
    /// Something of another kind than the one wanted, in words: "a folder", "a named pipe".
    case kind(String, wanted: Wanted)
    /// A file with a second name, perhaps outside of the folder.
    case hardLink
    /// It belongs to a user whose files are not taken.
    case otherOwner(uid_t)
    /// A file of more than this many bytes.
    case tooLong(Int)
    /// A call failed; `errno` says how.
    case system
  }

  /// What should have been there.
  package enum Wanted: String, Sendable, Hashable {
    case folder
    /// A regular file.
    case file
  }

  /// The reason.
  package var code: Code
  /// The file or folder.
  package var path: String
  /// The system's error number; 0 where no call failed.
  package var errno: Int32

  init(_ code: Code, path: String) {
    (self.code, self.path, errno) = (code, path, 0)
  }

  init(path: String, errno: Int32) {
    // Opened without following links, which a link ends with one or the other of.
    (code, self.path, self.errno) = (errno == ELOOP ? .link : .system, path, errno)
  }

  init(_ found: stat, wanted: Wanted, path: String) {
    self.init(found.isKind(S_IFLNK) ? .link : .kind(found.kindInWords, wanted: wanted), path: path)
  }

  /// Whether what is there is refused, rather than a call that failed.
  package var isRefusal: Bool { code != .system }

  /// Why, for messages that name the path themselves.
  package var reason: String {
    switch code {
    case .link: "it is a symbolic link"
    case .kind(let kind, let wanted): "it is \(kind), not a \(wanted.rawValue)"
    case .hardLink: "it has a second name elsewhere (a hard link)"
    case .otherOwner(let owner): "it belongs to \(userName(owner))"
    case .tooLong(let limit): "it has more than \(limit) bytes"
    case .system: String(cString: strerror(errno))
    }
  }

  /// Whether the file system cannot do what was asked for.
  package var isUnsupported: Bool { AtomicFileError(path: path, errno: errno).code == .unsupported }

  /// What to do about a call that failed, where there is something.
  package var remedy: String? { isRefusal ? nil : AtomicFileError(path: path, errno: errno).suggestion }

  /// The path and why.
  package var description: String { "\(path): \(reason)" }
}

extension stat {
  fileprivate var kindInWords: String {
    switch st_mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFREG: "a file"
    case S_IFIFO: "a named pipe"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "no file"
    }
  }
}

/// A user's name, or the number of one without a name.
package func userName(_ user: uid_t) -> String {
  var entry = passwd()
  var found: UnsafeMutablePointer<passwd>?
  var buffer = [CChar](repeating: 0, count: 16_384)
  guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name
  else { return "user \(user)" }
  return String(cString: name)
}
