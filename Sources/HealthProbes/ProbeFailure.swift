/// Why one attempt to reach a server did not end in a report. Never thrown for a cancellation.
package enum ProbeFailure: Error, Sendable, Hashable {
  /// Nothing answers: refused, reset, or closed before the server said anything useful.
  case unreachable(reason: String)
  /// A server answers and says that it is starting, stopping or loading.
  case starting(message: String)
  /// The server knows us not: wrong user or password, or a user who may not come from this host.
  case credentials(message: String)
  /// The login is right, but the database does not exist or is not open to the user.
  case missingDatabase(message: String)
  /// The login is right, but the account or its database has settings by which no session can be opened.
  case unusableSettings(message: String)
  /// Something else answered than the server that was expected.
  case wrongProtocol(message: String)
  /// The right kind of server answered, but another one than ours.
  case stranger(expected: String, found: String)
  /// Whether the server is ours cannot be told, so it is sent nothing.
  case unproved(reason: String)
  /// The server has all the clients that it takes.
  case exhausted(message: String)
  /// The server answered and refused for another reason.
  case rejected(message: String)
  /// The deadline passed during this step of the attempt.
  case timedOut(step: String)
}

extension ProbeFailure: CustomStringConvertible {
  /// The failure in words, without any password.
  package var description: String {
    switch self {
    case .unreachable(let reason): "not reachable: \(reason)"
    case .starting(let message): "still starting: \(message)"
    case .credentials(let message): "login refused: \(message)"
    case .missingDatabase(let message): "database not available: \(message)"
    case .unusableSettings(let message): "the account's settings keep it out: \(message)"
    case .wrongProtocol(let message): "something else answers on this port: \(message)"
    case .stranger(let expected, let found):
      "another server answers on this port: expected \(expected), found \(found)"
    case .unproved(let reason): "not proved to be ours: \(reason)"
    case .exhausted(let message): "all its connections are used: \(message)"
    case .rejected(let message): "refused by the server: \(message)"
    case .timedOut(let step): "no answer in time while \(step)"
    }
  }
}
