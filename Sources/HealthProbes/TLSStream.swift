internal import MonotonicTime
internal import TransportSecurity

/// A conversation's bytes, however they travel.
protocol ByteStream {
  /// Sends all of `bytes`.
  func send(_ bytes: [UInt8], until deadline: Deadline) async throws
  /// The next bytes the server sends, at least one.
  func receive(until deadline: Deadline) async throws -> [UInt8]
}

extension SocketStream: ByteStream {}

/// Connects to a target as it wants to be connected to: by TLS where it names an authority.
/// - Throws: `ProbeFailure`, `CancellationError`.
func connect(to target: ProbeTarget, until deadline: Deadline) async throws -> any ByteStream {
  let socket = try await SocketStream(to: target, until: deadline)
  guard let authority = target.authorityFile else { return socket }
  return try await TLSStream(over: socket, authorityFile: authority, host: target.host, until: deadline)
}

/// TLS over a socket of ours; the server's certificate is verified.
final class TLSStream: ByteStream {
  private let socket: SocketStream
  private let client: TLSClient

  init(over socket: SocketStream, authorityFile: String, host: String, until deadline: Deadline) async throws
  {
    self.socket = socket
    self.client = try translated { () throws(TLSError) in
      try TLSClient(authorityFile: authorityFile, host: host)
    }
    while true {
      let outcome = Result { () throws(TLSError) in try client.handshake() }
      // On failure too there is something to send: the alert that tells the server why.
      try await flush(until: deadline)
      if try translated(outcome.get) { return }
      let bytes = try await socket.receive(until: deadline)
      try translated { () throws(TLSError) in try client.receive(bytes) }
    }
  }

  /// A piece at a time: the library counts in 32 bits, and keeps what is encrypted until it is sent.
  func send(_ bytes: [UInt8], until deadline: Deadline) async throws {
    for start in stride(from: 0, to: bytes.count, by: Self.piece) {
      let piece = Array(bytes[start..<min(start + Self.piece, bytes.count)])
      try translated { () throws(TLSError) in try client.encrypt(piece) }
      try await flush(until: deadline)
    }
  }

  private static let piece = 1 << 20

  func receive(until deadline: Deadline) async throws -> [UInt8] {
    while true {
      guard let bytes = try translated(client.decrypt) else {
        throw ProbeFailure.unreachable(reason: "the server closed the connection")
      }
      if !bytes.isEmpty { return bytes }
      let more = try await socket.receive(until: deadline)
      try translated { () throws(TLSError) in try client.receive(more) }
      // A reply of ours may be due: TLS answers key updates by itself.
      try await flush(until: deadline)
    }
  }

  private func flush(until deadline: Deadline) async throws {
    let bytes = client.bytesToSend()
    if !bytes.isEmpty { try await socket.send(bytes, until: deadline) }
  }
}

/// What a TLS error means for readiness. A certificate that our authority did not sign is a stranger's.
private func translated<Value>(_ body: () throws(TLSError) -> Value) throws(ProbeFailure) -> Value {
  do {
    return try body()
  } catch {
    switch error.code {
    case .untrusted:
      throw .stranger(
        expected: "a certificate of drydock's authority", found: "one that is not: \(error.message)")
    case .handshakeFailed: throw .wrongProtocol(message: "no TLS: \(error.message)")
    case .unreadable, .library: throw .rejected(message: error.message)
    }
  }
}
