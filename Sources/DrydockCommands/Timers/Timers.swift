import ArgumentParser

/// `drydock timers`.
struct Timers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timers",
    abstract: "Show the manifest's timers and when they run next, or run one now.",
    discussion: """
      Schedules are in UTC, as AWS takes them: minute hour day month weekday
      [year], one of day and weekday a `?`, 1 for Sunday.

      Examples:
        drydock timers
        drydock timers --format json
        drydock timers run tally
      """,
    subcommands: [ListTimers.self, RunTimer.self], defaultSubcommand: ListTimers.self)
}
