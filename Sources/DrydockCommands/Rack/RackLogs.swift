import AppState
import ArgumentParser
import DrydockBase
import Emulator
import NativeProcess
import RackAPI

/// `drydock rack logs`.
struct RackLogs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Show what a rack in the background logged: requests, failures, connections.",
    discussion: """
      It says more when it was started with --verbose.

      Examples:
        drydock rack logs
        drydock rack logs -f --tail 100
      """)

  @Flag(name: .shortAndLong, help: "Go on as lines are written, until Ctrl-C.")
  var follow = false

  @Option(help: "How many lines of the past to show.")
  var tail: Int = 50

  @OptionGroup var options: SharedOptions

  func validate() throws {
    if tail < 0 { throw ValidationError("--tail takes a number of lines from 0") }
  }

  func run() async throws {
    let session = Session(options)
    let log = RackFiles(home: session.context.home).log
    if follow {
      for await line in NativeProcess.follow(logFile: log, backlog: tail) { session.console.print(line) }
      return
    }
    let lines = NativeProcess.tail(logFile: log, lines: tail)
    if lines.isEmpty { session.console.note("nothing is logged; start the rack: drydock rack start") }
    lines.forEach { session.console.print($0) }
  }
}
