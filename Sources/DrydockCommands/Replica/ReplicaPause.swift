import ArgumentParser
import Emulator
import MonotonicTime

/// `drydock replica pause`.
struct ReplicaPause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop applying; the replica stays connected and serves what it has.")

  @Argument(help: "The replica.", completion: NameCompletion.resources)
  var name: String

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    try await ReplicaOperation(context: session.context).setPaused(
      true, of: name, in: try session.requiredInstance(), until: .after(.seconds(30)))
    session.console.print("\(name) is paused")
  }
}
