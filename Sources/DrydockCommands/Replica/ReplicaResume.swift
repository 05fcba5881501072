import ArgumentParser
import Emulator
import MonotonicTime

/// `drydock replica resume`.
struct ReplicaResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on applying.")

  @Argument(help: "The replica.", completion: NameCompletion.resources)
  var name: String

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    try await ReplicaOperation(context: session.context).setPaused(
      false, of: name, in: try session.requiredInstance(), until: .after(.seconds(30)))
    session.console.print("\(name) goes on")
  }
}
