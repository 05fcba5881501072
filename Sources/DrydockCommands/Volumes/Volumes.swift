import ArgumentParser

/// `drydock volumes`.
struct Volumes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "volumes",
    abstract: "List the volumes of services, or remove one.",
    discussion: """
      Those listed under volumes: outlive their services; drydock down --delete-data
      removes them too.

      Examples:
        drydock volumes
        drydock volumes rm /data
      """,
    subcommands: [ListVolumes.self, RemoveVolumes.self], defaultSubcommand: ListVolumes.self)
}
