/// Why nothing is sent to a port: it is not our server that listens there, or that cannot be told.
package enum ListenerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Nobody listens.
  case nobody(port: Int)
  /// Somebody else listens.
  case stranger(expected: String, found: String)
  /// It cannot be told, and why.
  case unknown(reason: String)
  /// Our server has closed its socket and opened another since it was asked first.
  case listensAnew

  /// The reason in words.
  package var description: String {
    switch self {
    case .nobody(let port): "nobody listens at port \(port) yet"
    case .stranger(let expected, let found):
      "another server answers on this port: expected \(expected), found \(found)"
    case .unknown(let reason): "not proved to be ours: \(reason)"
    case .listensAnew: "the server has begun to listen anew"
    }
  }
}

extension ExpectedListener {
  /// The sockets by which our server listens.
  /// - Throws: `ListenerError` where it does not, or somebody else does.
  @discardableResult
  package func requireOurs() throws(ListenerError) -> Set<ListeningSocket> {
    switch look() {
    case .ours(let sockets): return sockets
    case .nobody: throw .nobody(port: port)
    case .stranger(let user):
      throw .stranger(
        expected: processID.map { "process \($0) to listen" } ?? "nobody to listen, as its server has ended",
        found: "another process, of user \(user)")
    case .unknown(let reason): throw .unknown(reason: reason)
    }
  }
}

/// Keeps what a connection sends from whoever took the server's port: asks the kernel who listens before the connection
/// is made, and again before the first byte is sent.
///
/// The same sockets of our server at both times mean that the connection between them went to it, since nobody else
/// can listen beside an open socket that does not share its port.
package struct ListenerProof: Sendable {
  private let expected: ExpectedListener
  private let sockets: Set<ListeningSocket>

  /// Asks before a connection.
  /// - Throws: `ListenerError` unless our server listens.
  package init(_ expected: ExpectedListener) throws(ListenerError) {
    self.expected = expected
    self.sockets = try expected.requireOurs()
  }

  /// Asks again once the connection is made.
  /// - Throws: `ListenerError` if it may have been made to somebody else.
  package func confirm() throws(ListenerError) {
    guard try expected.requireOurs() == sockets else { throw .listensAnew }
  }
}
