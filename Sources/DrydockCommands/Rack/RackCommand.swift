import ArgumentParser

/// `drydock rack`.
struct RackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rack",
    abstract: "Serve this machine as a rack to the convox command.",
    discussion: """
      Examples:
        drydock rack start
        eval "$(drydock rack env)"
        convox apps
        drydock rack stop
      """,
    subcommands: [
      RackStart.self, RackStop.self, RackStatusCommand.self, RackEnv.self, RackLogs.self, RackResources.self,
    ])
}
