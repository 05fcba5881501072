public import PortListeners

/// Keeps what a connection sends from whoever took the server's port: asks the kernel who listens before the connection
/// is made, and again before the first byte of a secret is sent.
///
/// The same sockets of our server at both times mean that the connection between them went to it, since nobody else
/// can listen beside an open socket that does not share its port.
struct ListenerProof: Sendable {
  private let expected: ExpectedListener
  private let sockets: Set<ListeningSocket>

  /// Asks before a connection; nil for a target that is proved by other means.
  /// - Throws: `ProbeFailure` unless our server listens.
  init?(_ target: ProbeTarget) throws(ProbeFailure) {
    guard let expected = target.listener, target.unixSocket == nil else { return nil }
    self.expected = expected
    self.sockets = try expected.requireOurs()
  }

  /// Asks again once the connection is made.
  /// - Throws: `ProbeFailure` if it may have been made to somebody else.
  func confirm() throws(ProbeFailure) {
    guard try expected.requireOurs() == sockets else {
      throw .unreachable(reason: "the server has begun to listen anew")
    }
  }
}

extension ExpectedListener {
  /// The sockets by which our server listens.
  /// - Throws: `ProbeFailure` where it does not, or somebody else does.
  @discardableResult
  public func requireOurs() throws(ProbeFailure) -> Set<ListeningSocket> {
    switch look() {
    case .ours(let sockets): return sockets
    case .nobody: throw .unreachable(reason: "nobody listens at port \(port) yet")
    case .stranger(let user):
      throw .stranger(
        expected: processID.map { "process \($0) to listen" } ?? "nobody to listen, as its server has ended",
        found: "another process, of user \(user)")
    case .unknown(let reason): throw .unproved(reason: reason)
    }
  }
}
