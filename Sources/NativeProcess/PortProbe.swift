import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether an engine could listen on 127.0.0.1 at a port.
package enum PortAvailability: Sendable, Hashable {
  /// It could, at this moment.
  case free
  /// Another socket has it, on 127.0.0.1 or on all addresses.
  case taken
  /// The operating system keeps the port for privileged users.
  case notPermitted

  /// Asks by binding 127.0.0.1 at `port`, which is the only exact answer.
  ///
  /// A plain bind also fails on the remains of closed connections (TIME_WAIT), which do not hinder an engine. On
  /// Linux a second try with SO_REUSEADDR tells these apart: it still fails on a listener, also on that of all
  /// addresses. On macOS that option would let a bind succeed beside such a listener, so there is no second try.
  package static func of(_ port: Int) -> PortAvailability {
    let plain = bindLoopback(port, reuse: false)
    #if os(Linux)
      return plain == .taken ? bindLoopback(port, reuse: true) : plain
    #else
      return plain
    #endif
  }

  private static func bindLoopback(_ port: Int, reuse: Bool) -> PortAvailability {
    guard let number = UInt16(exactly: port), number > 0 else { return .notPermitted }
    #if os(Linux)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return .taken }
    defer { close(descriptor) }
    var yes: Int32 = 1
    if reuse {
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
    guard bindIPv4(descriptor, number) == 0 else {
      return lastErrno() == .permissionDenied ? .notPermitted : .taken
    }
    // Two sockets may share a port by that option until one of them listens.
    return reuse && listen(descriptor, 1) != 0 ? .taken : .free
  }

  private static func bindIPv4(_ descriptor: Int32, _ port: UInt16) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

/// Whether an engine could listen on 127.0.0.1 at that port at this moment.
package func isFree(port: Int) -> Bool { PortAvailability.of(port) == .free }
