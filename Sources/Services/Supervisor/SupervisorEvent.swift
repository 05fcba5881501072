package import Essentials

/// Something that a supervisor tells whoever watches.
package struct SupervisorEvent: Sendable, Hashable, Codable {
  /// What happened.
  package enum Kind: String, Sendable, Hashable, Codable {
    /// A replica waits for other services.
    case waiting
    /// A replica was started.
    case started
    /// A replica that ran already was taken over.
    case adopted
    /// A replica is ready.
    case ready
    /// A replica's health check fails.
    case unhealthy
    /// A replica ended by itself.
    case ended
    /// A replica could not be started.
    case failed
    /// A replica is being stopped.
    case stopping
    /// A replica was stopped.
    case stopped
    /// Changed files went into containers.
    case synced
    /// Anything else worth a line.
    case notice
  }

  /// What happened.
  package var kind: Kind
  /// To which replica; nil for what concerns none.
  package var replica: ServiceReplica?
  /// A line for people, without the replica's name.
  package var text: String
  /// More lines: the last words of one that ended.
  package var details: [String]
  /// When, by the wall clock.
  package var time: Date

  /// An event of this moment.
  package init(
    _ kind: Kind, _ replica: ServiceReplica? = nil, _ text: String, details: [String] = [],
    time: Date = Date()
  ) {
    self.kind = kind
    self.replica = replica
    self.text = text
    self.details = details
    self.time = time
  }
}
