package import DrydockBase

/// What is asked of a supervisor over its socket: one line of JSON.
package struct ControlRequest: Sendable, Hashable, Codable {
  /// What is wanted.
  package enum Wish: String, Sendable, Hashable, Codable {
    /// What runs.
    case status
    /// What happens, until the connection is closed.
    case watch
    /// Where a command goes that is to run beside a replica.
    case access
    /// That a command in a container is ended where whoever asks is gone before having said that it has ended.
    case hold
    /// That services are taken in which are not supervised yet.
    case add
    /// That services end and are started with what is said of them now.
    case restart
    /// That replicas end, by their names, and others take their place.
    case end
    /// That services have other numbers of replicas.
    case scale
    /// That services end; all of them where none is named, and the supervisor with them.
    case stop
  }

  /// What is wanted.
  package var wish: Wish
  /// Of which services; empty for all.
  package var services: [String]
  /// The numbers of replicas, for `scale`.
  package var counts: [String: Int]?
  /// The command, for `hold`.
  var command: MarkedCommand?

  /// A request.
  package init(_ wish: Wish, services: [String] = [], counts: [String: Int]? = nil) {
    self.wish = wish
    self.services = services
    self.counts = counts
  }
}

/// What a supervisor answers: lines of JSON, the last of which has neither event nor more to come.
package struct ControlReply: Sendable, Hashable, Codable {
  /// What runs, afterwards.
  package var status: [ServiceStatus]?
  /// What happened.
  package var event: SupervisorEvent?
  /// Where a command goes that is to run beside a replica.
  package var access: ReplicaAccess?
  /// Why it was not done.
  package var failure: Failure?
  /// What cannot be written at this moment, so that a replica does not start or nothing is on record; nil for nothing, and
  /// of earlier releases.
  package var unwritten: Failure?

  /// An error as it travels.
  package struct Failure: Sendable, Hashable, Codable {
    var code: Int32
    var message: String
    var suggestion: String?
    var details: [String]

    init(_ error: DrydockError) {
      code = error.code.rawValue
      message = error.message
      suggestion = error.suggestion
      details = error.details
    }

    /// The error as it was.
    package var error: DrydockError {
      DrydockError(
        DrydockError.Code(rawValue: code) ?? .failed, message, suggestion: suggestion, details: details)
    }
  }

  /// An answer.
  init(
    status: [ServiceStatus]? = nil, event: SupervisorEvent? = nil, access: ReplicaAccess? = nil,
    failure: Failure? = nil, unwritten: Failure? = nil
  ) {
    self.status = status
    self.event = event
    self.access = access
    self.failure = failure
    self.unwritten = unwritten
  }
}
