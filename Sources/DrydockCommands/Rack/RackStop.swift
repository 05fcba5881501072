import ArgumentParser
import Emulator
import MonotonicTime
import RackAPI

/// `drydock rack stop`.
struct RackStop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Stop the rack once its running requests have ended; resources go on running.")

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    let wasRunning = try await RackProcess(context: session.context).stop(until: .after(.seconds(45)))
    session.console.note(wasRunning ? "the rack is stopped" : "the rack was not running")
  }
}
