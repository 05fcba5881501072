package import ByteStreams
import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

/// A file that an export goes to or an import comes from; `-` is standard output or input. A name that ends in `.gz` is
/// compressed.
package struct DumpFile: Sendable, Hashable {
  package let path: String

  /// A file by its path.
  package init(_ path: String) {
    self.path = path
  }

  /// Whether it is standard output or input.
  package var isStandard: Bool { path == "-" }
  private var isCompressed: Bool { path.hasSuffix(".gz") }

  /// Has `body` write the file, which appears whole and at once, or not at all.
  /// - Throws: What `body` throws; `DrydockError` where the file cannot be written.
  package func write(_ body: (@escaping ByteSink) async throws -> Void) async throws {
    guard !isStandard else { return try await body(DescriptorStreams.sink(STDOUT_FILENO)) }
    let writer: AtomicFileWriter
    do { writer = try AtomicFileWriter(path) } catch { throw DrydockError(error) }
    do {
      try await fill(writer, body)
      try Task.checkCancellation()
      try writer.commit()
    } catch {
      writer.discard()
      throw error
    }
  }

  private func fill(_ writer: AtomicFileWriter, _ body: (@escaping ByteSink) async throws -> Void)
    async throws
  {
    let plain: ByteSink = { bytes in
      try Task.checkCancellation()
      try writer.append(bytes)
    }
    guard isCompressed else { return try await body(plain) }
    let (sink, finish) = try Gzip.compressing(plain)
    try await body(sink)
    try await finish()
  }

  /// Has `body` read the file.
  /// - Throws: What `body` throws; `DrydockError` where the file cannot be read, or is named `.gz` and is no gzip file.
  package func read(_ body: (@escaping ByteSource) async throws -> Void) async throws {
    guard !isStandard else { return try await body(DescriptorStreams.source(STDIN_FILENO)) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      throw unreadable("it is a folder")
    }
    let source = PeekedSource(DescriptorStreams.source(descriptor))
    let head = try await source.peek(Gzip.magic.count)
    if isCompressed, !head.isEmpty, head != Gzip.magic {
      throw DrydockError(
        .failed, "\(path) is no gzip file", suggestion: "leave .gz out of its name if it is not compressed")
    }
    try await body { try await source.next() }
  }

  private func unreadable(_ reason: String) -> DrydockError {
    DrydockError(.failed, "cannot read \(path): \(reason)")
  }
}
