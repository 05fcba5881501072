/// Why a wait for a server ended without one. Never thrown for a cancellation.
package enum ReadinessError: Error, Sendable, Hashable {
  /// The process or container is gone.
  case died(subject: String, reason: String)
  /// The deadline passed; with the last attempt's failure, the most telling where the last was cut short.
  case notReady(subject: String, last: ProbeFailure?)
  /// Something else than our server answers, and keeps doing so.
  case stranger(subject: String, failure: ProbeFailure)
  /// All connections that it takes are used, and stay so.
  case exhausted(subject: String, failure: ProbeFailure)
  /// The login is refused and could not be repaired, or is refused again after the repair.
  case credentials(subject: String, failure: ProbeFailure)

  /// What can be done about it.
  package var suggestion: String {
    switch self {
    case .died: "read its last log lines"
    case .notReady: "read its log; a slow machine may need a longer timeout"
    case .stranger: "stop the other server, or choose another port"
    case .exhausted: "end clients of it, or start it anew"
    case .credentials: "the password is not the stored one: start the server anew, or with fresh data"
    }
  }
}

extension ReadinessError: CustomStringConvertible {
  /// The message a user reads, without the suggestion.
  package var description: String {
    switch self {
    case .died(let subject, let reason): "\(subject) ended: \(reason)"
    case .notReady(let subject, let last):
      "\(subject) was not ready in time" + (last.map { ": \($0)" } ?? "")
    case .stranger(let subject, let failure), .credentials(let subject, let failure),
      .exhausted(let subject, let failure):
      "\(subject): \(failure)"
    }
  }
}
