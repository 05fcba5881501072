import Dispatch
import Foundation
import Synchronization

/// A TCP server on a free port of 127.0.0.1 that accepts connections and treats them badly.
///
/// Holds no thread; everything it opened is closed by `stop`.
package final class BlackHoleServer: Sendable {
  /// What happens to an accepted connection.
  package enum Behaviour: Sendable, Hashable {
    /// It stays open and is never read nor answered.
    case silent
    /// It is closed at once.
    case closing
    /// These bytes are sent at once; then the sending side is closed, or not.
    case greeting([UInt8], thenCloses: Bool)
    /// These bytes are sent once something has come in; then the sending side is closed, or not.
    case answering([UInt8], thenCloses: Bool)
  }

  private struct State {
    var connections: [Int32] = []
    // Dispatch objects may be used from any thread; this one is touched under the lock only.
    nonisolated(unsafe) var listener: (any DispatchSourceRead)?
    // The same.
    nonisolated(unsafe) var answers: [Int32: any DispatchSourceRead] = [:]
    var answered: Set<Int32> = []
    var accepted = 0
    var received: [UInt8] = []
  }

  /// The port it listens on.
  package let port: Int
  private let behaviour: Behaviour
  private let queue = DispatchQueue(label: "drydock.tests.blackhole")
  private let state = Mutex(State())

  /// Starts to listen, at any free port unless one is given.
  package init(_ behaviour: Behaviour, port wanted: Int = 0) throws {
    let (listener, port) = try bindToLoopback(listens: true, port: wanted)
    self.port = port
    self.behaviour = behaviour
    let source = DispatchSource.makeReadSource(fileDescriptor: listener, queue: queue)
    source.setEventHandler { [weak self] in self?.acceptAll(listener) }
    source.setCancelHandler { close(listener) }
    state.withLock { $0.listener = source }
    source.activate()
  }

  /// How many connections have come so far.
  package var accepted: Int { state.withLock { $0.accepted } }

  /// What it was sent so far, all connections together; one that is silent or closes does not look.
  package var received: [UInt8] { state.withLock { $0.received } }

  /// Stops listening and closes every connection.
  package func stop() {
    queue.sync {
      state.withLock { state in
        state.listener?.cancel()
        state.answers.values.forEach { $0.cancel() }
        state.listener = nil
        state.answers = [:]
      }
    }
    // The cancel handlers run on the same queue; only after them is nothing watched any more.
    queue.sync { state.withLock { $0.connections.forEach { close($0) } } }
    state.withLock { $0.connections = [] }
  }

  private func acceptAll(_ listener: Int32) {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { return }
      _ = fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK)
      state.withLock { $0.accepted += 1 }
      treat(connection)
    }
  }

  private func treat(_ connection: Int32) {
    switch behaviour {
    case .closing:
      close(connection)
      return
    case .silent: break
    case .greeting(let bytes, let thenCloses):
      say(bytes, thenCloses, on: connection)
      if !thenCloses { awaitFirstBytes(on: connection) {} }
    case .answering(let bytes, let thenCloses):
      awaitFirstBytes(on: connection) { self.say(bytes, thenCloses, on: connection) }
    }
    state.withLock { $0.connections.append(connection) }
  }

  private func say(_ bytes: [UInt8], _ thenCloses: Bool, on connection: Int32) {
    #if os(Linux)
      _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    #else
      var on: Int32 = 1
      setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
      _ = send(connection, bytes, bytes.count, 0)
    #endif
    if thenCloses { shutdown(connection, Int32(SHUT_WR)) }
  }

  /// Later bytes are read too; only the first ones are answered.
  private func awaitFirstBytes(on connection: Int32, _ body: @escaping @Sendable () -> Void) {
    let source = DispatchSource.makeReadSource(fileDescriptor: connection, queue: queue)
    source.setEventHandler { [weak self] in
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(connection, &buffer, buffer.count, 0)
      // The event may be a late one, for an earlier connection of the same number.
      if count < 0, errno == EAGAIN { return }
      if count > 0 { self?.state.withLock { $0.received += buffer[..<count] } }
      let isFirst = self?.state.withLock { $0.answered.insert(connection).inserted } ?? false
      if count > 0, isFirst { body() }
      if count <= 0 { self?.cancel(connection) }
    }
    state.withLock { $0.answers[connection] = source }
    source.activate()
  }

  private func cancel(_ connection: Int32) {
    state.withLock { $0.answers.removeValue(forKey: connection)?.cancel() }
  }
}

/// Runs `body` with such a server and stops it afterwards.
package func withBlackHole<Value>(
  _ behaviour: BlackHoleServer.Behaviour, port: Int = 0, _ body: (BlackHoleServer) async throws -> Value
) async throws -> Value {
  let server = try BlackHoleServer(behaviour, port: port)
  defer { server.stop() }
  return try await body(server)
}

/// Runs `body` with a port of 127.0.0.1 that refuses connections and that nobody else can take meanwhile.
package func withRefusingPort<Value>(_ body: (Int) async throws -> Value) async throws -> Value {
  let (holder, port) = try bindToLoopback(listens: false)
  defer { close(holder) }
  return try await body(port)
}

/// A port of 127.0.0.1 on which nothing listened a moment ago.
package func freePort() throws -> Int {
  let (listener, port) = try bindToLoopback(listens: false)
  close(listener)
  return port
}

/// Different ports at which nobody listens and that the kernel gives to nobody by itself, as it does with `freePort`'s:
/// for what is started only after a while, when an outgoing connection might have one of those.
package func quietPorts(_ count: Int) throws -> [Int] {
  // Below those of drydock's own, too.
  let free = (10_000..<15_000).shuffled().lazy.filter { port in
    guard let (listener, _) = try? bindToLoopback(listens: true, port: port) else { return false }
    close(listener)
    return true
  }
  let ports = Array(free.prefix(count))
  guard ports.count == count else { throw FixtureError("no \(count) ports are free") }
  return ports
}

private func bindToLoopback(listens: Bool, port: Int = 0) throws -> (descriptor: Int32, port: Int) {
  #if os(Linux)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  #else
    let descriptor = socket(AF_INET, SOCK_STREAM, 0)
  #endif
  guard descriptor >= 0 else { throw FixtureError("no socket: errno \(errno)") }
  _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
  address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let result = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
      guard bind(descriptor, generic, length) == 0 else { return Int32(-1) }
      guard !listens || listen(descriptor, 256) == 0 else { return Int32(-1) }
      return getsockname(descriptor, generic, &length)
    }
  }
  guard result == 0 else {
    close(descriptor)
    throw FixtureError("cannot listen on 127.0.0.1: errno \(errno)")
  }
  return (descriptor, Int(in_port_t(bigEndian: address.sin_port)))
}
