import ArgumentParser
import Emulator
import MonotonicTime

/// `drydock replica pause`.
struct ReplicaPause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop applying; the replica stays connected and serves what it has.")

  @OptionGroup var replica: NamedReplica

  func run() async throws { try await replica.set(paused: true, saying: "is paused") }
}

/// The replica that is named, of the app at hand.
struct NamedReplica: ParsableArguments {
  @Argument(help: "The replica.", completion: NameCompletion.resources)
  var name: String

  @OptionGroup var options: SharedOptions

  func set(paused isPaused: Bool, saying ending: String) async throws {
    let session = Session(options)
    try await ReplicaOperation(context: session.context).setPaused(
      isPaused, of: name, in: try session.requiredInstance(), until: .after(.seconds(30)))
    session.console.print("\(name) \(ending)")
  }
}
