import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A connection to a command's standard input or output: our end never blocks, and writing to a command that has
/// ended is an error here, not a signal, which a pipe cannot promise.
final class SocketPair: Sendable {
  /// Our end.
  private let ours: Int32
  /// The command's end, which whoever starts the command closes.
  let theirs: Int32

  init() throws(NativeProcessError) {
    var ends: [Int32] = [-1, -1]
    #if canImport(Glibc)
      let type = Int32(SOCK_STREAM.rawValue)
    #else
      let type = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw NativeProcessError(
        .cannotFork(errno), "cannot make a connection to a command: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) | O_NONBLOCK)
    #if canImport(Darwin)
      var on: Int32 = 1
      setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
    #endif
    ours = ends[0]
    theirs = ends[1]
  }

  deinit {
    close(ours)
  }

  /// Writes all of `bytes`, waiting while the command does not read.
  /// - Returns: Whether the command still takes input.
  func write(_ bytes: [UInt8]) async throws -> Bool {
    try await NonblockingDescriptor.write(bytes, to: ours, until: .never, "a command's input") {
      send(ours, $0.baseAddress, $0.count, Self.noSignal)
    } == 0
  }

  /// Says that nothing more will come.
  func finish() { _ = shutdown(ours, Self.writing) }

  /// The next bytes of the command's output; nil at its end.
  func read() async throws -> [UInt8]? {
    let input = try await NonblockingDescriptor.read(
      from: ours, room: 1 << 16, until: .never, "a command's output"
    ) { recv(ours, $0.baseAddress, $0.count, 0) }
    if case .bytes(let bytes) = input { return bytes }
    return nil
  }

  #if os(Linux)
    private static let noSignal = Int32(MSG_NOSIGNAL)
  #else
    private static let noSignal: Int32 = 0
  #endif
  private static let writing = Int32(SHUT_WR)
}
