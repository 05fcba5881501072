import ArgumentParser

/// `drydock replica resume`.
struct ReplicaResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Continue to apply.")

  @OptionGroup var replica: NamedReplica

  func run() async throws { try await replica.set(paused: false, saying: "goes on") }
}
