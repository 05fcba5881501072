/// A timer: a command of a service, run on a schedule.
public struct Timer: Sendable, Hashable {
  /// The key under `timers:`.
  public var name: String
  /// The service whose image and environment it uses.
  public var service: String?
  /// `schedule:` as written.
  public var schedule: String?
  /// `command:`.
  public var command: String?

  /// A timer of these parts.
  public init(name: String, service: String? = nil, schedule: String? = nil, command: String? = nil) {
    self.name = name
    self.service = service
    self.schedule = schedule
    self.command = command
  }
}
