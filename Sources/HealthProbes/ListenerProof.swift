package import PortListeners

extension ListenerProof {
  /// Asks before a connection to a target; nil for a target that is proved by other means.
  /// - Throws: `ProbeFailure` unless our server listens.
  init?(_ target: ProbeTarget) throws(ProbeFailure) {
    guard let expected = target.listener, target.unixSocket == nil else { return nil }
    do { try self.init(expected) } catch { throw ProbeFailure(error) }
  }

  /// Asks again once the connection is made.
  /// - Throws: `ProbeFailure` if it may have been made to somebody else.
  func confirmed() throws(ProbeFailure) {
    do { try confirm() } catch { throw ProbeFailure(error) }
  }
}

extension ProbeFailure {
  /// The failure of the proof that our server listens.
  package init(_ error: ListenerError) {
    switch error {
    case .nobody, .listensAnew: self = .unreachable(reason: "\(error)")
    case .stranger(let expected, let found): self = .stranger(expected: expected, found: found)
    case .unknown(let reason): self = .unproved(reason: reason)
    }
  }
}
