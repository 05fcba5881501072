/// A timer: a command of a service, run on a schedule.
package struct Timer: Sendable, Hashable {
  /// What happens where a run is due while the last one goes on: v3's words. A v2 rack starts the next one beside it.
  package enum Concurrency: String, Sendable, Hashable, Codable, CaseIterable {
    /// Both run.
    case allow = "Allow"
    /// The new one is left out.
    case forbid = "Forbid"
    /// The old one is ended first.
    case replace = "Replace"
  }

  /// The key under `timers:`.
  package var name: String
  /// The service whose image and environment it uses.
  package var service: String?
  /// `schedule:` as written.
  package var schedule: String?
  /// `command:`, which a shell reads.
  package var command: String?
  /// v3's `concurrency:`.
  package var concurrency = Concurrency.allow
  /// v3's `parallelCount:`: how many processes a run has, each with its TIMER_INDEX; nil where nothing is written.
  package var parallelCount: Int?

  /// A timer of these parts.
  package init(name: String, service: String? = nil, schedule: String? = nil, command: String? = nil) {
    self.name = name
    self.service = service
    self.schedule = schedule
    self.command = command
  }
}
