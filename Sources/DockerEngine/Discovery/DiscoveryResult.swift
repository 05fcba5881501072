/// What a search for an engine found.
package struct DiscoveryResult: Sendable {
  /// What became of a candidate.
  package enum Outcome: Sendable, Hashable {
    /// An engine answered, of this version, with which this API version is spoken.
    case answered(version: String, apiVersion: String)
    /// It cannot be used: the kind of reason, and the reason in words.
    case unavailable(DockerError.Unavailability, String)
  }

  /// One candidate and what became of it.
  package struct Attempt: Sendable, Hashable {
    package let candidate: EndpointCandidate
    /// What became of it.
    package let outcome: Outcome
  }

  /// A client of the first engine that answered; nil where none did.
  package let client: DockerClient?
  /// The candidates up to the one that answered, all of them where none did.
  package let attempts: [Attempt]

  /// Why there is no client; nil where there is one.
  ///
  /// Of several reasons the one that a user most likely wants to mend: first what forbids or breaks an engine
  /// that is there, then one that was named but cannot be used, then one that does not run.
  package var error: DockerError? {
    guard client == nil else { return nil }
    let reasons = attempts.compactMap { attempt -> (kind: DockerError.Unavailability, text: String)? in
      guard case .unavailable(let kind, let text) = attempt.outcome else { return nil }
      return (kind, text)
    }
    for kind in Self.weightiestFirst {
      if let reason = reasons.first(where: { $0.kind == kind }) { return Self.error(kind, reason.text) }
    }
    return Self.error(.notInstalled, "")
  }

  private static let weightiestFirst: [DockerError.Unavailability] = [
    .noPermission, .notAnswering, .tooOld, .tooNew, .remote, .invalid, .notRunning,
  ]

  private static func error(_ kind: DockerError.Unavailability, _ text: String) -> DockerError {
    let (message, suggestion): (String, String) =
      switch kind {
      case .notInstalled:
        ("no Docker engine is installed", "install Docker, or use the native runtime")
      case .notRunning:
        ("the Docker engine is not running: \(text)", "start the Docker engine, or use the native runtime")
      case .noPermission:
        (text, "add your user to the group that owns the socket (often docker) and log in again")
      case .notAnswering: (text, "restart the Docker engine, or use the native runtime")
      case .remote:
        (
          "a remote Docker engine cannot be used: \(text)",
          "unset DOCKER_HOST or choose a local Docker context"
        )
      case .tooOld: (text, "update the Docker engine to 20.10 or later")
      case .tooNew: (text, "update drydock")
      case .invalid: (text, "check DOCKER_HOST, DOCKER_CONTEXT and the current Docker context")
      }
    return DockerError(.engineUnavailable(kind), message, suggestion: suggestion)
  }
}
