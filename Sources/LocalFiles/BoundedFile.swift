import DrydockBase

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Reads whole files that somebody else may have made, whatever they turn out to be: in bounded memory and time.
package enum BoundedFile {
  /// Why a file was not read.
  package enum Failure: Error, Sendable, Hashable {
    /// There is none.
    case missing
    /// It has more bytes than are read; their number where the system tells it.
    case tooLong(Int?)
    /// It is a folder.
    case folder
    /// It is a pipe, a socket or a device where only a file is read.
    case notRegular
    /// A pipe from which nothing more came.
    case stalled
    /// A call failed.
    case system(Int32)

    /// Why, for messages that name the path themselves.
    package var reason: String {
      switch self {
      case .missing: String(cString: strerror(ENOENT))
      case .tooLong(let count): "it has \(count.map { "\($0)" } ?? "too many") bytes"
      case .folder: String(cString: strerror(EISDIR))
      case .notRegular: "it is a pipe, a socket or a device"
      case .stalled: "nothing came from it"
      case .system(let error): String(cString: strerror(error))
      }
    }
  }

  /// The bytes of a file.
  /// - Parameters:
  ///   - path: The file; links are followed.
  ///   - limit: The most bytes that are read.
  ///   - takesStreams: Whether a pipe or a device may stand in for it, as in `--env-file <(command)`; one from which
  ///     nothing comes for 30 seconds is given up.
  /// - Throws: `Failure`.
  package static func read(_ path: String, limit: Int, takesStreams: Bool = false) throws(Failure) -> [UInt8]
  {
    // Without waiting for somebody to write into a pipe.
    let descriptor = restarting { open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      // What open says of a socket.
      throw errno == ENOENT ? .missing : errno == ENXIO ? .notRegular : .system(errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(errno) }
    if status.isKind(S_IFDIR) { throw .folder }
    let isRegular = status.isKind(S_IFREG)
    guard isRegular || takesStreams else { throw .notRegular }
    guard !isRegular || status.st_size <= off_t(limit) else { throw .tooLong(Int(status.st_size)) }
    return try contents(of: descriptor, limit: limit, isStream: !isRegular)
  }

  private static func contents(of descriptor: Int32, limit: Int, isStream: Bool) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      if isStream { try awaitInput(descriptor) }
      let count = restarting { systemRead(descriptor, &buffer, buffer.count) }
      if count < 0, errno == EAGAIN { continue }
      guard count >= 0 else { throw .system(errno) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { throw .tooLong(nil) }
    }
  }

  private static func awaitInput(_ descriptor: Int32) throws(Failure) {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let ready = restarting { poll(&waiting, 1, 30_000) }
    guard ready >= 0 else { throw .system(errno) }
    guard ready > 0 else { throw .stalled }
  }
}

/// The system's call, which a type's own `read` would hide.
func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}
