import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a command reads on its standard input, written to a nameless file before the command starts.
///
/// A pipe that is fed while the command runs breaks when the command ends or is cancelled before it has read
/// everything, and the library that runs commands then ends this process ("was not closed").
enum PreparedInput {
  /// A nameless file with these bytes, to be read from its beginning; the run closes it.
  /// - Throws: `NativeProcessError` with `.fileUnusable`.
  static func file(_ bytes: [UInt8]) throws -> FileDescriptor {
    let file = FileDescriptor(rawValue: try namelessFile())
    do {
      try file.writeAll(bytes)
      try file.seek(offset: 0, from: .start)
    } catch {
      try? file.close()
      throw unusable()
    }
    return file
  }

  private static func unusable() -> NativeProcessError { .noTemporaryFile(errno) }
}

extension NativeProcessError {
  fileprivate static func noTemporaryFile(_ error: Int32) -> NativeProcessError {
    if Shortage.isShortage(error) { return .shortage(error, "cannot write a temporary file") }
    return NativeProcessError(
      .fileUnusable(error), "cannot write a temporary file: \(String(cString: strerror(error)))",
      suggestion: "free some space where temporary files go, or name another folder by TMPDIR")
  }
}

/// A file without a name, for reading and writing, which is gone when it is closed: in the folder that `TMPDIR` names,
/// else where the system keeps temporary files.
/// - Returns: A descriptor that programs do not inherit.
/// - Throws: `NativeProcessError` with `.fileUnusable`.
public func namelessFile() throws(NativeProcessError) -> Int32 {
  let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
  var failure = ENOENT
  for folder in [named, "/tmp", "/var/tmp"] where folder.hasPrefix("/") {
    var name = Array("\(folder)/drydock-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      failure = errno
      continue
    }
    unlink(name)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }
  throw .noTemporaryFile(failure)
}
