import DrydockBase
import Essentials
import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A Unix socket's connection that carries lines.
final class LineConnection: Sendable {
  /// More than that is no line of ours.
  static let limit = 4 << 20

  private let descriptor: Int32
  private let assembler = LineBuffer()

  /// Takes a connected, non-blocking descriptor over.
  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// The next line; nil at the end.
  /// - Throws: `TimeoutError`, `CancellationError`, `DrydockError` for a line without end.
  func line(until deadline: Deadline) async throws -> [UInt8]? {
    while true {
      if let line = assembler.next() { return line }
      guard assembler.count < Self.limit else {
        throw DrydockError(.failed, "the other side of a control socket sends no lines")
      }
      let input = try await NonblockingDescriptor.read(
        from: descriptor, room: 1 << 16, until: deadline, "an answer"
      ) { recv(descriptor, $0.baseAddress, $0.count, 0) }
      guard case .bytes(let bytes) = input else { return nil }
      assembler.append(bytes)
    }
  }

  /// Writes a line.
  /// - Returns: Whether the other side still listens.
  @discardableResult
  func write(_ line: [UInt8], until deadline: Deadline) async throws -> Bool {
    try await NonblockingDescriptor.write(
      line + [UInt8(ascii: "\n")], to: descriptor, until: deadline, "a reader"
    ) {
      send(descriptor, $0.baseAddress, $0.count, LocalSocket.noSignal)
    } == 0
  }

  /// Whose process is at the other end.
  var peer: uid_t? { LocalSocket.peer(of: descriptor) }
}

/// Unix sockets at paths of any length.
enum LocalSocket {
  #if canImport(Darwin)
    static let noSignal: Int32 = 0
  #else
    static let noSignal = Int32(MSG_NOSIGNAL)
  #endif

  /// Listens at a path, in a folder that is the user's alone. What an earlier listener left there is removed.
  /// - Returns: A non-blocking descriptor.
  static func listen(at path: String) throws -> Int32 {
    unlink(path)
    let descriptor = try make()
    do {
      try withAddress(of: path) { address, size in
        guard bind(descriptor, address, size) == 0 else { throw failure("listen at", path) }
      }
      guard chmod(path, 0o600) == 0, Glibc.listen(descriptor, 64) == 0 else {
        throw failure("listen at", path)
      }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Connects to a listener; nil where nobody listens.
  static func connect(to path: String) throws -> LineConnection? {
    guard access(parts(of: path).folder, F_OK) == 0 else { return nil }
    let descriptor = try make()
    let status: Int32
    do {
      status = try withAddress(of: path) { address, size in
        Glibc.connect(descriptor, address, size) == 0 ? 0 : errno
      }
    } catch {
      close(descriptor)
      throw error
    }
    switch status {
    case 0: return LineConnection(descriptor: descriptor)
    case ENOENT, ECONNREFUSED:
      close(descriptor)
      return nil
    default:
      close(descriptor)
      errno = status
      throw failure("connect to", path)
    }
  }

  /// Takes the next connection of a listener; nil where it is gone again.
  static func accept(_ listener: Int32) -> LineConnection? {
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0 else { return nil }
    prepare(descriptor)
    return LineConnection(descriptor: descriptor)
  }

  /// Whose process is at the other end of a connection.
  static func peer(of descriptor: Int32) -> uid_t? {
    #if os(Linux)
      // The C library hides `struct ucred` from Swift: a process's, a user's and a group's number.
      var credentials: [UInt32] = [0, 0, 0]
      var size = socklen_t(12)
      let status = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
      return status == 0 && size == 12 ? uid_t(credentials[1]) : nil
    #else
      var (user, group) = (uid_t(0), gid_t(0))
      return getpeereid(descriptor, &user, &group) == 0 ? user : nil
    #endif
  }

  private static func make() throws -> Int32 {
    #if canImport(Glibc)
      let type = Int32(SOCK_STREAM.rawValue)
    #else
      let type = SOCK_STREAM
    #endif
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { throw failure("make", "a socket") }
    prepare(descriptor)
    return descriptor
  }

  private static func prepare(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  private static func parts(of path: String) -> (folder: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.utf8.index(after: slash)...]))
  }

  /// An address holds about a hundred bytes, and a path may have more: through the descriptor of its folder it is short.
  private static func withAddress<Value>(
    of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Value
  ) throws -> Value {
    let folder = open(parts(of: path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if folder >= 0 { close(folder) } }
    #if os(Linux)
      let short = folder >= 0 ? "/proc/self/fd/\(folder)/\(parts(of: path).name)" : path
    #else
      let short = path
    #endif
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(short.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw DrydockError(
        .cannotWrite, "\(path) is too long for a socket", suggestion: "name a shorter folder by DRYDOCK_HOME")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return try withUnsafePointer(to: &address) {
      try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private static func failure(_ action: String, _ path: String) -> DrydockError {
    let reason = String(cString: strerror(errno))
    return DrydockError(.cannotWrite, "cannot \(action) \(path): \(reason)")
  }
}
