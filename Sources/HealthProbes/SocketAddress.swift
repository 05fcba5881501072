import Essentials

/// The socket calls of a target, apart from any waiting.
struct SocketAddress {
  private let storage: sockaddr_storage
  private let length: socklen_t

  /// A numeric IPv4 address or a Unix socket; `nil` for anything else.
  init?(_ target: ProbeTarget) {
    guard let filled = target.unixSocket.map(Self.unix) ?? Self.ipv4(target.host, target.port) else {
      return nil
    }
    (storage, length) = filled
  }

  private static func ipv4(_ host: String, _ port: Int) -> (sockaddr_storage, socklen_t)? {
    guard let port = in_port_t(exactly: port) else { return nil }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
    return stored(address)
  }

  private static func unix(_ path: String) -> (sockaddr_storage, socklen_t)? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
      guard path.utf8.count < room.count else { return false }
      room.copyBytes(from: path.utf8)
      return true
    }
    return fits ? stored(address) : nil
  }

  private static func stored<Address>(_ address: Address) -> (sockaddr_storage, socklen_t) {
    var storage = sockaddr_storage()
    withUnsafeBytes(of: address) { bytes in
      withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: bytes) }
    }
    return (storage, socklen_t(MemoryLayout<Address>.size))
  }

  /// A non-blocking socket of the address's family which no child inherits.
  func openSocket() throws(ProbeFailure) -> Int32 {
    #if os(Linux)
      let type = Int32(SOCK_STREAM.rawValue)
    #else
      let type = SOCK_STREAM
    #endif
    let descriptor = socket(Int32(storage.ss_family), type, 0)
    guard descriptor >= 0 else { throw .rejected(message: "no socket: \(String(cString: strerror(errno)))") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    #if canImport(Darwin)
      var on: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
    #endif
    return descriptor
  }

  /// Begins to connect: `nil` once connected, else the error number.
  func connect(_ descriptor: Int32) -> Int32? {
    let result = withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { systemConnect(descriptor, $0, length) }
    }
    return result == 0 ? nil : errno
  }
}

/// The system's `connect`, whose name the method above hides.
private func systemConnect(
  _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
) -> Int32 {
  connect(descriptor, address, length)
}

/// Sends without ever raising SIGPIPE.
func platformSend(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  #if os(Linux)
    send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
  #else
    send(descriptor, bytes.baseAddress, bytes.count, 0)
  #endif
}

/// The error a finished connect left behind, 0 for none.
func pendingError(of descriptor: Int32) -> Int32 {
  var code: Int32 = 0
  var length = socklen_t(MemoryLayout<Int32>.size)
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
}

/// Up to `count` bytes that wait to be read, left where they are; none where nothing came or the end did.
func peek(_ descriptor: Int32, count: Int) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: count)
  #if os(Linux)
    let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
  #else
    let flags = MSG_PEEK | MSG_DONTWAIT
  #endif
  let received = recv(descriptor, &buffer, count, flags)
  return Array(buffer.prefix(max(0, received)))
}
