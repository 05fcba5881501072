import DrydockBase
import MonotonicTime
import TransportSecurity

/// A connection to a drain, by which messages go there.
actor DrainConnection {
  /// How long something sent may stand before it counts as taken: a server that ends has read what came until then.
  private static let doubt = Duration.seconds(1)
  private static let patience = Duration.seconds(20)

  private let address: DrainAddress
  private let socket: DrainSocket
  private let security: TLSClient?
  private var written = 0
  /// Whether only whole messages were sent.
  private var isWhole = true
  /// What is not certain yet to have been taken: up to which byte, and since when.
  private var doubtful: [(number: Int, end: Int, since: Deadline)] = []

  /// Connects.
  /// - Parameter trust: The file with the certificates of those who may vouch for the drain.
  /// - Throws: `DrydockError`, `TLSError`, `TimeoutError`, `CancellationError`.
  init(to address: DrainAddress, trust: String) async throws {
    let deadline = Deadline.after(Self.patience)
    self.address = address
    socket = try await DrainSocket.connect(to: address, until: deadline)
    security = address.way == .tls ? try TLSClient(authorityFile: trust, host: address.host) : nil
    if security != nil { try await shakeHands(until: deadline) }
  }

  private func shakeHands(until deadline: Deadline) async throws {
    guard let security else { return }
    while true {
      let outcome = Result { () throws(TLSError) in try security.handshake() }
      try await write(security.bytesToSend(), until: deadline)
      if try outcome.get() { return }
      try await waitUntilReady(socket.descriptor, for: .read, until: deadline, address.text)
      guard let bytes = try socket.received() else {
        throw DrydockError(.unavailable, "\(address.text): the connection was closed")
      }
      try security.receive(bytes)
    }
  }

  /// Sends a message.
  /// - Throws: `DrydockError` where the drain is gone; `TimeoutError`, `CancellationError`.
  func send(_ entry: DrainBuffer.Entry) async throws {
    try look()
    guard isWhole else { throw DrydockError(.unavailable, "\(address.text): a message broke off") }
    isWhole = false
    try await write(entry, until: Deadline.after(Self.patience))
    isWhole = true
  }

  private func write(_ entry: DrainBuffer.Entry, until deadline: Deadline) async throws {
    guard address.way != .udp else { return try await sendDatagram(entry, until: deadline) }
    if let security {
      try security.encrypt(entry.message.counted)
      try await write(security.bytesToSend(), until: deadline)
    } else {
      try await write(entry.message.counted, until: deadline)
    }
    doubtful.append((entry.number, written, Deadline.after(Self.doubt)))
  }

  private func sendDatagram(_ entry: DrainBuffer.Entry, until deadline: Deadline) async throws {
    try await socket.send(entry.message.bytes, until: deadline)
    doubtful.append((entry.number, 0, Deadline.after(.zero)))
  }

  private func write(_ bytes: [UInt8], until deadline: Deadline) async throws {
    guard !bytes.isEmpty else { return }
    try await socket.send(bytes, until: deadline)
    written += bytes.count
  }

  /// Looks whether the drain is still there. What it says is of no matter.
  /// - Throws: `DrydockError` where it is gone.
  func look() throws {
    guard address.way != .udp else { return }
    while true {
      guard let bytes = try socket.received() else {
        throw DrydockError(.unavailable, "\(address.text): the connection was closed")
      }
      if bytes.isEmpty { return }
      try security?.receive(bytes)
      if let security, try security.decrypt() == nil {
        throw DrydockError(.unavailable, "\(address.text): the connection was closed")
      }
    }
  }

  /// The number up to which all was taken for certain; nil for nothing new.
  func settled() -> Int? {
    let confirmed = written - socket.unconfirmed
    let count = doubtful.prefix { $0.since.hasPassed && $0.end <= confirmed }.count
    guard count > 0 else { return nil }
    defer { doubtful.removeFirst(count) }
    return doubtful[count - 1].number
  }

  /// Says that nothing more comes, where the drain listens to that.
  func end() async {
    guard let security else { return }
    security.endSending()
    // A drain that is gone needs no farewell.
    try? await socket.send(security.bytesToSend(), until: .after(.seconds(1)))
  }
}
