import ByteStreams
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
  /// - Throws: `DrydockError` with `.cannotWrite`.
  static func file(_ bytes: [UInt8]) throws -> FileDescriptor {
    let file = FileDescriptor(rawValue: try namelessFile())
    do {
      try file.writeAll(bytes)
      try file.seek(offset: 0, from: .start)
    } catch {
      try? file.close()
      throw namelessFileError(errno)
    }
    return file
  }
}
