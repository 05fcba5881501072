import ArgumentParser
import DrydockBase
import Emulator
import LocalServer
import MonotonicTime
import RackAPI

/// `drydock rack start`.
struct RackStart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Start the rack in the background; it answers on 127.0.0.1 only.",
    discussion: """
      Examples:
        drydock rack start
        drydock rack start --port 5500
        drydock rack start --foreground
        drydock rack start --no-console
        drydock rack start --new-password   once somebody knows the last one
      """)

  @Option(help: "The port; else the last one, at first \(RackFiles.defaultPort).")
  var port: Int?

  @Flag(help: "Serve in this terminal until Ctrl-C; requests are logged on stderr.")
  var foreground = false

  @Flag(help: "Open no consoles: with one, whoever has the password can run programs as you.")
  var noConsole = false

  @Flag(help: "Make its password anew: the last one opens nothing any more.")
  var newPassword = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let port, !(1...65535).contains(port) {
      throw ValidationError("--port takes a number from 1 to 65535, not \(port)")
    }
  }

  func run() async throws {
    let session = Session(common.shared)
    let rack = RackProcess(context: session.context)
    let status = try await rack.status()
    if status.isRunning { return try tellRunning(status, session.console) }
    let port = port ?? status.port
    if foreground {
      // It prints nothing that it is for; in the background its output ends with its keeper.
      Interruption.goOnUnread()
      return try await rack.serve(
        port: port, hasConsoles: !noConsole, newPassword: newPassword, log: .standardError
      ) { port in
        session.console.note("the rack answers at http://127.0.0.1:\(port); Ctrl-C ends it")
      }
    }
    let (started, isNew) = try await rack.start(
      port: port, hasConsoles: !noConsole, newPassword: newPassword, isVerbose: common.shared.verbose,
      until: .after(.seconds(30)))
    guard isNew else { return try tellRunning(started, session.console) }
    try RackStatusCommand.render(started, common.format, session.console)
    session.console.note("let the convox command find it: eval \"$(drydock rack env)\"")
  }

  private func tellRunning(_ status: RackStatus, _ console: Console) throws {
    try RackStatusCommand.render(status, common.format, console)
    if noConsole, status.hasConsoles != false {
      throw DrydockError(
        .failed, "the rack runs already, with consoles", suggestion: "stop it first: drydock rack stop")
    }
    if newPassword {
      throw DrydockError(
        .failed, "the rack runs already, and keeps its password",
        suggestion: "stop it first: drydock rack stop")
    }
    let wish =
      self.port.map { $0 == status.port ? "" : "; for another port, stop it first: drydock rack stop" } ?? ""
    console.note("the rack runs already\(wish)")
  }
}
