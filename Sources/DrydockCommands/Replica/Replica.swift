import ArgumentParser

/// `drydock replica`.
struct Replica: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replica",
    abstract: "Hold a read replica back, so that the app reads stale data.",
    discussion: """
      Examples:
        drydock replica lag read-replica 30
        drydock replica lag read-replica 0
        drydock replica pause read-replica
        drydock replica resume read-replica
      """,
    subcommands: [ReplicaLag.self, ReplicaPause.self, ReplicaResume.self])
}
