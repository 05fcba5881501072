import ArgumentParser

/// `drydock cache`.
struct Cache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "List what is kept to start engines faster, make it beforehand, or remove it.",
    discussion: """
      New native data is copied from a template, made once for each engine and
      version. After drydock up, a short process in the background keeps a copy in
      store (a spare) for the next new server. Results of drydock test
      --seed-command are kept too. All of it can be made again. An entry that is
      damaged, or belongs to a server that was updated, is marked here and made
      again when it is needed.

      Examples:
        drydock cache
        drydock cache warm
        drydock cache prune
      """,
    subcommands: [ListCache.self, WarmCache.self, PruneCache.self], defaultSubcommand: ListCache.self)
}
