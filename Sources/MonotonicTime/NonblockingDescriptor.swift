#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Moves bytes through a descriptor that never blocks: a socket, our side of a terminal.
package enum NonblockingDescriptor {
  /// What a read gave.
  package enum Input: Sendable, Hashable {
    /// At least one byte.
    case bytes([UInt8])
    /// Nothing more will come.
    case end
    /// The call failed by this error number.
    case failure(Int32)
  }

  /// Writes all of `bytes`, waiting while there is no room.
  /// - Parameters:
  ///   - subject: What is done, for the error at the deadline.
  ///   - call: Writes once, as write(2) or send(2) do.
  /// - Returns: 0 once everything is written, else the error number by which the call failed.
  /// - Throws: `TimeoutError`, `CancellationError`.
  package static func write(
    _ bytes: [UInt8], to descriptor: Int32, until deadline: Deadline, _ subject: @autoclosure () -> String,
    by call: (UnsafeRawBufferPointer) -> Int
  ) async throws -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes(call)
      let failure = count < 0 ? errno : 0
      switch failure {
      case 0: rest = rest.dropFirst(count)
      case EINTR: continue
      case EAGAIN: try await waitUntilReady(descriptor, for: .write, until: deadline, subject())
      default: return failure
      }
    }
    return 0
  }

  /// The next bytes, as many as are there, waiting for the first.
  /// - Parameters:
  ///   - room: The most bytes that are taken at once.
  ///   - subject: What is waited for, for the error at the deadline.
  ///   - call: Reads once, as read(2) or recv(2) do.
  /// - Throws: `TimeoutError`, `CancellationError`.
  package static func read(
    from descriptor: Int32, room: Int, until deadline: Deadline, _ subject: @autoclosure () -> String,
    by call: (UnsafeMutableRawBufferPointer) -> Int
  ) async throws -> Input {
    var buffer = [UInt8](repeating: 0, count: room)
    while true {
      let count = buffer.withUnsafeMutableBytes(call)
      let failure = count < 0 ? errno : 0
      switch failure {
      case 0 where count == 0: return .end
      case 0: return .bytes(count == room ? buffer : Array(buffer[..<count]))
      case EINTR: continue
      case EAGAIN: try await waitUntilReady(descriptor, for: .read, until: deadline, subject())
      default: return .failure(failure)
      }
    }
  }
}
