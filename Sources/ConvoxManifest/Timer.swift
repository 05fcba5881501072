/// A timer: a command of a service, run on a schedule.
package struct Timer: Sendable, Hashable {
  /// The key under `timers:`.
  package var name: String
  /// The service whose image and environment it uses.
  package var service: String?
  /// `schedule:` as written.
  package var schedule: String?
  /// `command:`.
  package var command: String?

  /// A timer of these parts.
  package init(name: String, service: String? = nil, schedule: String? = nil, command: String? = nil) {
    self.name = name
    self.service = service
    self.schedule = schedule
    self.command = command
  }
}
