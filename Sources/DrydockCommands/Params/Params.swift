import ArgumentParser

/// `drydock params`.
struct Params: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "params",
    abstract: "Show and set the app parameters that matter to resources.",
    discussion: """
      AutoMinorVersionUpgrade  whether AWS upgrades minor versions (true)
      ResourcePassword         the password of all resources

      Examples:
        drydock params
        drydock params set AutoMinorVersionUpgrade=false
        drydock params set ResourcePassword=$(openssl rand -hex 16)
      """,
    subcommands: [ShowParams.self, SetParams.self], defaultSubcommand: ShowParams.self)
}
