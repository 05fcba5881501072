import Foundation
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
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { platformSend(descriptor, $0) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        try await wait(for: .write, on: descriptor, until: deadline, "sending a command")
      } else if errno != EINTR {
        throw unreachable(errno)
      }
    }
  }

  /// The next bytes the server sends, at least one.
  /// - Throws: `ProbeFailure.unreachable` also where the server closed the connection.
  func receive(until deadline: Deadline) async throws -> [UInt8] {
    while true {
      var buffer = [UInt8](repeating: 0, count: 16 * 1024)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 { return Array(buffer[..<count]) }
      if count == 0 { throw ProbeFailure.unreachable(reason: "the server closed the connection") }
      if errno == EAGAIN {
        try await wait(for: .read, on: descriptor, until: deadline, "waiting for an answer")
      } else if errno != EINTR {
        throw unreachable(errno)
      }
    }
  }
}

private func unreachable(_ code: Int32) -> ProbeFailure {
  .unreachable(reason: String(cString: strerror(code)))
}
