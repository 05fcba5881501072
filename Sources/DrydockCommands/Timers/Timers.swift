import ArgumentParser

/// `drydock timers`.
struct Timers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timers",
    abstract: "Show the manifest's timers and when they run next.",
    discussion: """
      Schedules are in UTC, as AWS takes them: minute hour day month weekday
      [year], one of day and weekday a `?`, 1 for Sunday.

      Examples:
        drydock timers
        drydock timers --format json
      """,
    subcommands: [ListTimers.self], defaultSubcommand: ListTimers.self)
}
