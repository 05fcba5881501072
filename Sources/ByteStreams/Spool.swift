import DrydockBase
import Essentials

/// A stream kept in a nameless file until it is needed.
package final class Spool: Sendable {
  private let descriptor: Int32

  /// An empty spool, whose file the system removes with the last descriptor of it.
  /// - Throws: `DrydockError` where no temporary file can be made, with what to do about it.
  package init() throws {
    descriptor = try namelessFile()
  }

  deinit { close(descriptor) }

  /// Reads a stream to its end.
  package func fill(from source: ByteSource) async throws {
    let sink = DescriptorStreams.sink(descriptor) { namelessFileError($0) }
    while let bytes = try await source() { try await sink(bytes) }
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw namelessFileError(errno) }
  }

  /// The stream from its beginning.
  package func source() -> ByteSource {
    let source = DescriptorStreams.source(descriptor)
    return { [self] in
      defer { _ = self }
      return try await source()
    }
  }
}
