import ArgumentParser

/// `drydock env`.
struct Env: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "env",
    abstract: "Show a service's variables; list, set, unset, get and copy the app env.",
    discussion: """
      Examples:
        drydock env web
        eval "$(drydock env web --format shell)"
        drydock env --write .env
        drydock env set SECRET=s3cret
        drydock env set < app.env
        drydock env set --from .env
        drydock env list
        drydock env set STORAGE=200 --rack acme/production
      """,
    subcommands: [ShowEnv.self, ListEnv.self, SetEnv.self, UnsetEnv.self, GetEnv.self, CopyEnv.self],
    defaultSubcommand: ShowEnv.self)
}
