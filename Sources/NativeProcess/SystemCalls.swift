import DrydockBase
import Essentials
import LocalFiles
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The number of the last failed system call and its text.
func lastErrno() -> Errno { Errno(rawValue: errno) }

extension NativeProcessError {
  /// The system has no more of something.
  private static func shortage(_ errno: Int32, _ what: String) -> NativeProcessError {
    NativeProcessError(
      .shortage(errno), "\(what): \(Errno(rawValue: errno))", suggestion: Shortage.remedy(errno))
  }

  /// A file that cannot be used, with the system's reason.
  static func file(_ path: String, _ action: String, _ error: Errno) -> NativeProcessError {
    if Shortage.isShortage(error.rawValue) { return .shortage(error.rawValue, "cannot \(action) \(path)") }
    return NativeProcessError(
      .fileUnusable(error.rawValue), "cannot \(action) \(path): \(error)",
      suggestion: error.isAboutSpaceOrRights ? WriteRemedy.elsewhere(after: error.rawValue) : nil)
  }

  /// The same of a file in a folder that is held by its descriptor.
  static func file(_ path: String, _ action: String, _ error: DirectoryError) -> NativeProcessError {
    guard error.isRefusal else { return .file(path, action, Errno(rawValue: error.errno)) }
    return NativeProcessError(.fileUnusable(EPERM), "cannot \(action) \(path): \(error.reason)")
  }

  /// A folder whose content would be believed, and which is not the one that drydock made.
  package static func exchanged(_ folder: String) -> NativeProcessError {
    NativeProcessError(
      .fileUnusable(EPERM),
      "\(folder) is no longer drydock's own folder: whoever runs the engine has exchanged it",
      suggestion: "end that user's processes, look at what is in it, and remove it")
  }

  /// A file system without advisory locks.
  static func noLocks(_ path: String) -> NativeProcessError {
    NativeProcessError(
      .locksUnsupported, "the file system of \(path) has no file locks",
      suggestion: "put DRYDOCK_HOME on a local file system")
  }
}

extension Errno {
  var isAboutSpaceOrRights: Bool {
    [.noSpace, .readOnlyFileSystem, .permissionDenied, .notPermitted, .diskQuotaExceeded].contains(self)
  }
}

/// `flock`, taken up again when a signal interrupts it.
func flockRetrying(_ descriptor: FileDescriptor, _ operation: Int32) -> Errno? {
  restarting { flock(descriptor.rawValue, operation) } == 0 ? nil : lastErrno()
}

/// The whole of a small regular file; nil when there is none or it cannot be read. A link is not followed.
///
/// Files below /proc say that they have no size, so this reads until there is nothing left.
func readSmallFile(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
  guard let file = try? openRegularFile(path) else { return nil }
  defer { try? file.close() }
  return readToEnd(of: file.rawValue, limit: limit).map { Array($0.prefix(limit)) }
}

/// The first bytes of a regular file; nil where there is none. A link is not followed, nothing is waited for.
package func contents(ofRegularFile path: String, limit: Int) -> [UInt8]? {
  readSmallFile(path, limit: limit)
}

/// As `readSmallFile`, as text; bytes that are not UTF-8 are replaced.
func readSmallText(_ path: String) -> String? {
  readSmallFile(path).map { String(decoding: $0, as: UTF8.self) }
}
