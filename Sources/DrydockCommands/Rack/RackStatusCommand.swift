import ArgumentParser
import Emulator
import RackAPI

/// `drydock rack status`.
struct RackStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show whether the rack runs, and where.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let status = try await RackProcess(context: session.context).status()
    try Self.render(status, common.format, session.console)
    if !status.isRunning { session.console.note("start it: drydock rack start") }
  }

  static func render(_ status: RackStatus, _ format: OutputFormat, _ console: Console) throws {
    if format == .json { return try console.print(json: status) }
    console.print("Status  \(status.status)")
    console.print("URL     \(status.url)")
    if let pid = status.pid { console.print("PID     \(pid)") }
    if status.hasConsoles == false { console.print("Console off") }
  }
}
