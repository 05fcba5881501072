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
    guard let stream = tmpfile() else { throw unusable() }
    defer { fclose(stream) }
    let descriptor = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 3)
    guard descriptor >= 0 else { throw unusable() }
    let file = FileDescriptor(rawValue: descriptor)
    do {
      try file.writeAll(bytes)
      try file.seek(offset: 0, from: .start)
    } catch {
      try? file.close()
      throw unusable()
    }
    return file
  }

  private static func unusable() -> NativeProcessError {
    NativeProcessError(
      .fileUnusable(errno), "cannot write a temporary file: \(String(cString: strerror(errno)))",
      suggestion: "free some space where temporary files go (TMPDIR)")
  }
}
