/// What a service is doing, for those who ask for it while no replica can answer.
package enum ServiceCondition: Sendable, Hashable {
  case building
  case starting
  case running
  case restarting
  /// It ends again and again, and is started again after a pause.
  case crashLooping
  case scaledToZero
  case stopped

  /// Whether a replica is to be expected, so that waiting for it makes sense.
  package var isOnItsWay: Bool { self != .scaledToZero && self != .stopped }

  /// The condition in words, as the end of "SERVICE …".
  package var words: String {
    switch self {
    case .building: "is being built"
    case .starting: "is starting"
    case .running: "has no replica that is ready"
    case .restarting: "is restarting"
    case .crashLooping: "keeps crashing"
    case .scaledToZero: "is scaled to 0"
    case .stopped: "is stopped"
    }
  }
}
