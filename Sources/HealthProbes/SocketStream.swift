import Essentials
internal import MonotonicTime
import PortListeners

/// A non-blocking stream socket to a target, for protocols whose bytes we move ourselves; closed when released.
final class SocketStream: Sendable {
  private let descriptor: Int32

  /// Connects over TCP or to a Unix socket.
  /// - Throws: `ProbeFailure.unreachable`, `.stranger`, `.unproved`, `.timedOut`, `CancellationError`.
  init(to target: ProbeTarget, until deadline: Deadline) async throws {
    let address = try target.usableAddress()
    let proof = try ListenerProof(target)
    descriptor = try address.openSocket()
    try await connect(to: address, target, until: deadline)
    try proof?.confirmed()
  }

  private func connect(
    to address: SocketAddress, _ target: ProbeTarget, until deadline: Deadline
  ) async throws {
    guard let failure = address.connect(descriptor) else { return }
    guard failure == EINPROGRESS || failure == EAGAIN else { throw unreachable(failure) }
    try await wait(for: .write, on: descriptor, until: deadline, "connecting to \(target.address)")
    let pending = pendingError(of: descriptor)
    guard pending == 0 else { throw unreachable(pending) }
  }

  deinit {
    close(descriptor)
  }

  /// Sends all of `bytes`; a connection the server closed is an error here, never a signal.
  func send(_ bytes: [UInt8], until deadline: Deadline) async throws {
    let failure = try await explaining("sending a command") { step in
      try await NonblockingDescriptor.write(bytes, to: descriptor, until: deadline, step) {
        platformSend(descriptor, $0)
      }
    }
    if failure != 0 { throw unreachable(failure) }
  }

  /// The next bytes the server sends, at least one.
  /// - Throws: `ProbeFailure.unreachable` also where the server closed the connection.
  func receive(until deadline: Deadline) async throws -> [UInt8] {
    let input = try await explaining("waiting for an answer") { step in
      try await NonblockingDescriptor.read(from: descriptor, room: 16 * 1024, until: deadline, step) {
        recv(descriptor, $0.baseAddress, $0.count, 0)
      }
    }
    switch input {
    case .bytes(let bytes): return bytes
    case .end: throw ProbeFailure.unreachable(reason: "the server closed the connection")
    case .failure(let number): throw unreachable(number)
    }
  }

  private func explaining<Value>(_ step: String, _ body: (String) async throws -> Value) async throws -> Value
  {
    do { return try await body(step) } catch is TimeoutError { throw ProbeFailure.timedOut(step: step) }
  }
}

private func unreachable(_ code: Int32) -> ProbeFailure {
  .unreachable(reason: String(cString: strerror(code)))
}
