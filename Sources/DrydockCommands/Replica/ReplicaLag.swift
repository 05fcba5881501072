import ArgumentParser
import Emulator
import MonotonicTime

/// `drydock replica lag`.
struct ReplicaLag: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lag", abstract: "Delay what a replica applies; 0 ends the delay.")

  @Argument(help: "The replica.", completion: NameCompletion.resources)
  var name: String

  @Argument(help: "Seconds.")
  var seconds: Int

  @OptionGroup var options: SharedOptions

  func validate() throws {
    guard (0...2_000_000).contains(seconds) else {
      throw ValidationError("the delay is a number of seconds from 0")
    }
  }

  func run() async throws {
    let session = Session(options)
    try await ReplicaOperation(context: session.context).setDelay(
      seconds, of: name, in: try session.requiredInstance(), until: .after(.seconds(30)))
    session.console.print(seconds == 0 ? "\(name) applies at once" : "\(name) applies \(seconds) s late")
  }
}
