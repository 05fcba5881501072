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

/// A socket that is connected to a drain, and never blocks.
final class DrainSocket: Sendable {
  let descriptor: Int32
  private let address: DrainAddress

  private init(_ descriptor: Int32, _ address: DrainAddress) {
    self.descriptor = descriptor
    self.address = address
  }

  deinit { close(descriptor) }

  /// Connects to the first of a host's addresses that takes it.
  /// - Throws: `DrydockError`, `TimeoutError`, `CancellationError`.
  static func connect(to address: DrainAddress, until deadline: Deadline) async throws -> DrainSocket {
    var failure = ""
    for target in try await offThePool({ try addresses(of: address) }) {
      do {
        return try await connect(to: address, at: target, until: deadline)
      } catch let error as DrydockError { failure = error.message }
    }
    throw DrydockError(.unavailable, failure.isEmpty ? "\(address.host) has no address" : failure)
  }

  /// The raw addresses of a host; its name is looked up, which blocks.
  private static func addresses(of address: DrainAddress) throws -> [[UInt8]] {
    var hints = addrinfo()
    hints.ai_socktype = socketType(address)
    hints.ai_flags = AI_NUMERICSERV
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(address.host, "\(address.port)", &hints, &first)
    defer { if let first { freeaddrinfo(first) } }
    guard status == 0 else {
      throw DrydockError(.unavailable, "\(address.host): \(String(cString: gai_strerror(status)))")
    }
    var found: [[UInt8]] = []
    var next = first
    while let entry = next?.pointee {
      let bytes = UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen))
      found.append(Array(bytes))
      next = entry.ai_next
    }
    return found
  }

  private static func socketType(_ address: DrainAddress) -> Int32 {
    #if canImport(Glibc)
      Int32((address.way == .udp ? SOCK_DGRAM : SOCK_STREAM).rawValue)
    #else
      address.way == .udp ? SOCK_DGRAM : SOCK_STREAM
    #endif
  }

  private static func connect(
    to address: DrainAddress, at target: [UInt8], until deadline: Deadline
  ) async throws -> DrainSocket {
    let family = target.withUnsafeBytes { $0.loadUnaligned(as: sockaddr.self).sa_family }
    let descriptor = socket(Int32(family), socketType(address), 0)
    guard descriptor >= 0 else { throw DrydockError(.unavailable, "no socket: \(reason(errno))") }
    let connected = DrainSocket(descriptor, address)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let status = target.withUnsafeBytes { bytes in
      bytes.baseAddress.map {
        connectSocket(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
      } ?? -1
    }
    if status != 0 {
      guard errno == EINPROGRESS else { throw connected.failed(errno) }
      try await waitUntilReady(descriptor, for: .write, until: deadline, address.text)
      var error: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
      guard error == 0 else { throw connected.failed(error) }
    }
    return connected
  }

  /// Sends bytes; of a datagram's socket, one datagram.
  /// - Throws: `DrydockError` where the drain is gone; `TimeoutError`, `CancellationError`.
  func send(_ bytes: [UInt8], until deadline: Deadline) async throws {
    let error = try await NonblockingDescriptor.write(bytes, to: descriptor, until: deadline, address.text) {
      sendBytes(descriptor, $0.baseAddress, $0.count)
    }
    guard error == 0 else { throw failed(error) }
  }

  /// Bytes that came; none where none did, nil at the end.
  func received() throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { return Array(buffer[..<count]) }
    if count == 0 { return nil }
    guard errno == EAGAIN || errno == EINTR else { throw failed(errno) }
    return []
  }

  /// How many bytes the other side's system has not confirmed yet.
  var unconfirmed: Int {
    #if os(Linux)
      var count: Int32 = 0
      return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
    #else
      return 0
    #endif
  }

  private func failed(_ error: Int32) -> DrydockError {
    DrydockError(.unavailable, "\(address.text): \(Self.reason(error))")
  }

  private static func reason(_ error: Int32) -> String { String(cString: strerror(error)) }
}

private func connectSocket(
  _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t
) -> Int32 { connect(descriptor, address, size) }

private func sendBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  #if canImport(Darwin)
    send(descriptor, bytes, count, 0)
  #else
    send(descriptor, bytes, count, Int32(MSG_NOSIGNAL))
  #endif
}
