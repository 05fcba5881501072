import DrydockTestSupport
import Foundation

/// A blocking socket of a test, to be used on threads of its own; closed when released.
final class TestSocket: Sendable {
  let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  private static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private static func make() -> Int32 {
    #if os(Linux)
      socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      socket(AF_INET, SOCK_STREAM, 0)
    #endif
  }

  /// What keeps SIGPIPE away; where there is no flag for it, the proxy in the same process ignores that signal.
  private static var flags: Int32 {
    #if os(Linux)
      Int32(MSG_NOSIGNAL)
    #else
      0
    #endif
  }

  private static func withAddress<Value>(
    _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
  ) -> Value {
    let address = address(port)
    return withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// A connection to a port of 127.0.0.1.
  static func connect(_ port: Int) throws -> TestSocket {
    let socket = TestSocket(make())
    let result = withAddress(port) { Foundation.connect(socket.descriptor, $0, $1) }
    guard result == 0 else { throw SocketFailure(errno) }
    return socket
  }

  /// A listener at a free port, and the port.
  static func listen() throws -> (listener: TestSocket, port: Int) {
    let socket = TestSocket(make())
    guard withAddress(0, { bind(socket.descriptor, $0, $1) }) == 0,
      Foundation.listen(socket.descriptor, 256) == 0
    else { throw SocketFailure(errno) }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = getsockname(socket.descriptor, $0, &length)
      }
    }
    return (socket, Int(UInt16(bigEndian: address.sin_port)))
  }

  func accept() throws -> TestSocket {
    let accepted = Foundation.accept(descriptor, nil, nil)
    guard accepted >= 0 else { throw SocketFailure(errno) }
    return TestSocket(accepted)
  }

  /// Sends all of it.
  func send(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = Foundation.send(descriptor, rest.baseAddress, rest.count, Self.flags)
      guard count > 0 else { throw SocketFailure(errno) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  func send(_ text: String) throws {
    try Array(text.utf8).withUnsafeBytes { try send($0) }
  }

  /// Reads some bytes into `buffer`; 0 at the end.
  func receive(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
    guard count >= 0 else { throw SocketFailure(errno) }
    return count
  }

  /// All that comes until the end.
  func receiveAll() throws -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try receive($0) }
      if count == 0 { return all }
      all += buffer[..<count]
    }
  }

  /// Reads that many bytes.
  func receive(count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      var buffer = [UInt8](repeating: 0, count: count - all.count)
      let got = try buffer.withUnsafeMutableBytes { try receive($0) }
      guard got > 0 else { throw SocketFailure(ECONNABORTED) }
      all += buffer[..<got]
    }
    return all
  }

  func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Breaks the connection off when it is released.
  func breakOff() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Sends until nothing more is taken for a second.
  /// - Returns: How much was taken.
  func sendUntilStuck(limit: Int) throws -> Int {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    defer { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) }
    var sent = 0
    while sent < limit {
      let length = min(limit - sent, 65536)
      let count = Pattern.bytes(at: sent, length) {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Self.flags)
      }
      if count > 0 {
        sent += count
        continue
      }
      guard errno == EAGAIN else { throw SocketFailure(errno) }
      var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      if poll(&wanted, 1, 1000) == 0 { return sent }
    }
    return sent
  }
}

struct SocketFailure: Error, CustomStringConvertible {
  let code: Int32
  init(_ code: Int32) { self.code = code }
  var description: String { String(cString: strerror(code)) }
}

/// Bytes without end that are known at every place, so that what is lost, doubled or swapped is seen at once.
enum Pattern {
  // A prime, so that no size of a chunk divides it.
  private static let period = 1_000_003
  private static let room = 65536
  private static let data: [UInt8] = {
    var value: UInt64 = 0x9e37_79b9_7f4a_7c15
    var bytes: [UInt8] = []
    bytes.reserveCapacity(period + room)
    for _ in 0..<period {
      value ^= value << 13
      value ^= value >> 7
      value ^= value << 17
      bytes.append(UInt8(truncatingIfNeeded: value))
    }
    return bytes + bytes.prefix(room)
  }()

  /// The bytes at a place; 65536 at most.
  static func bytes<Value>(
    at offset: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Value
  ) rethrows -> Value {
    try data.withUnsafeBytes { all in
      let start = offset % period
      return try body(UnsafeRawBufferPointer(rebasing: all[start..<start + count]))
    }
  }

  /// Sends the bytes of a range.
  static func send(_ range: Range<Int>, to socket: TestSocket) throws {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(room, range.upperBound - offset)
      try bytes(at: offset, count) { try socket.send($0) }
      offset += count
    }
  }

  /// Receives until the end.
  /// - Returns: How many bytes of the pattern came; nil where one was wrong.
  static func receive(from start: Int, of socket: TestSocket, atMost limit: Int = .max) throws -> Int? {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
    defer { buffer.deallocate() }
    var total = 0
    while total < limit {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(room, limit - total)])
      let count = try socket.receive(wanted)
      if count == 0 { return total }
      let isRight = bytes(at: start + total, count) { expected in
        guard let expected = expected.baseAddress, let found = wanted.baseAddress else { return false }
        return memcmp(expected, found, count) == 0
      }
      if !isRight { return nil }
      total += count
    }
    return total
  }
}

/// Runs what blocks on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { waiter in
    Thread.detachNewThread { waiter.resume(with: Result { try body() }) }
  }
}
