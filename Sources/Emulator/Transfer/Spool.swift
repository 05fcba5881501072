import Foundation
import NativeProcess
import Synchronization

/// A stream kept in a nameless file until it is needed.
final class Spool: Sendable {
  private let descriptor: Int32

  init() throws {
    descriptor = try namelessFile()
  }

  deinit { close(descriptor) }

  /// Reads a stream to its end.
  func fill(from source: ByteSource) async throws {
    let sink = DescriptorStreams.sink(descriptor)
    while let bytes = try await source() { try await sink(bytes) }
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.unusable() }
  }

  /// The stream from its beginning.
  func source() -> ByteSource {
    let source = DescriptorStreams.source(descriptor)
    return { [self] in
      defer { _ = self }
      return try await source()
    }
  }

  private static func unusable() -> EmulatorError {
    EmulatorError(
      .cannotWrite, "cannot write a temporary file: \(String(cString: strerror(errno)))",
      suggestion: "free some space where temporary files go (TMPDIR)")
  }
}

/// The last bytes of a stream that passes.
final class StreamTail: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  private static let limit = 1024

  func append(_ more: [UInt8]) {
    bytes.withLock { $0 = ($0 + more.suffix(Self.limit)).suffix(Self.limit) }
  }

  var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}
