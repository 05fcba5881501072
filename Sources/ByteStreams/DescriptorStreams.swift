package import DrydockBase
import Essentials
import MonotonicTime

/// Reads and writes open descriptors as streams. A pipe or a terminal that is not ready holds no thread.
package enum DescriptorStreams {
  /// Takes bytes to a descriptor.
  /// - Parameter failure: What is thrown for an error number of the system's; by default it speaks of an output.
  package static func sink(
    _ descriptor: Int32, failure: @escaping @Sendable (Int32) -> DrydockError = outputFailure
  ) -> ByteSink {
    let isFile = isRegularFile(descriptor)
    return { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        if !isFile { try await wait(descriptor, .write) }
        // A pipe that is ready takes this much at once.
        let part = rest.prefix(isFile ? 1 << 16 : Int(PIPE_BUF))
        let count = part.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno == EPIPE {
          throw DrydockError(.failed, "whoever reads the output has ended")
        } else if errno != EINTR, errno != EAGAIN {
          throw failure(errno)
        }
      }
      try Task.checkCancellation()
    }
  }

  /// The error for what somebody reads.
  @Sendable package static func outputFailure(_ error: Int32) -> DrydockError {
    DrydockError(.cannotWrite, "cannot write the output: \(String(cString: strerror(error)))")
  }

  /// Takes bytes to a file of drydock's own, which is named where that fails.
  package static func sink(_ descriptor: Int32, file path: String) -> ByteSink {
    sink(descriptor) { error in
      DrydockError(
        .cannotWrite, "cannot write \(path): \(String(cString: strerror(error)))",
        suggestion: WriteRemedy.elsewhere(after: error))
    }
  }

  /// Gives what a descriptor has to read.
  package static func source(_ descriptor: Int32) -> ByteSource {
    let isFile = isRegularFile(descriptor)
    return {
      try Task.checkCancellation()
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        if !isFile { try await wait(descriptor, .read) }
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count > 0 { return Array(buffer[..<count]) }
        if count == 0 { return nil }
        guard errno == EINTR || errno == EAGAIN else {
          throw DrydockError(.failed, "cannot read the input: \(String(cString: strerror(errno)))")
        }
      }
    }
  }

  private static func isRegularFile(_ descriptor: Int32) -> Bool {
    var status = stat()
    // Devices such as /dev/null cannot be waited for either.
    guard fstat(descriptor, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFREG
      || (status.st_mode & S_IFMT == S_IFCHR && isatty(descriptor) == 0)
  }

  private static func wait(_ descriptor: Int32, _ interest: DescriptorInterest) async throws {
    var state = pollfd(fd: descriptor, events: Int16(interest == .read ? POLLIN : POLLOUT), revents: 0)
    if poll(&state, 1, 0) > 0 { return try Task.checkCancellation() }
    try await waitUntilReady(
      descriptor, for: interest, until: .never, "the other side")
  }
}
