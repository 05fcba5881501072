import AppState
import ArgumentParser
import ByteStreams
import DrydockBase
import Essentials
import MonotonicTime
import Servers
import Services

/// `drydock attach`.
struct Attach: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach",
    abstract: "Attach to the terminal of a service that has one: for a debugger, or a console.",
    discussion: """
      A service has a terminal if drydock.yml lists it (tty: [web]) or it was started
      with --tty. All keys go to the service, Ctrl-C too; Ctrl-P Ctrl-Q leaves the
      terminal, and the service goes on.

      Examples:
        drydock attach web
        drydock attach web.2
      """)

  @Argument(help: "The service, or one of its replicas.", completion: NameCompletion.replicas)
  var service: String

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    guard LocalTerminal.isPresent else {
      throw DrydockError(
        .usage, "attach needs a terminal to type at",
        suggestion: "what \(service) writes: drydock logs -f \(service)")
    }
    let supervisor = SupervisorProcess(context: session.context, id: try session.startedInstance().id)
    guard let access = try await supervisor.client.access(service, until: .after(.seconds(20))) else {
      throw SupervisorProcess.notStarted
    }
    let terminal = try await ReplicaTerminal(of: access, supervisor.folder, session.context)
    let name = access.replica.name
    let ending = try await LocalTerminal.raw {
      // Not before: whoever reads it may type at once. The terminal adds no carriage return any more.
      StandardStreams.say("at the terminal of \(name); Ctrl-P Ctrl-Q leaves it, Ctrl-C goes to \(name)\r\n")
      return try await terminal.run(
        sizes: LocalTerminal.described(session.context.environment).sizes,
        input: DescriptorStreams.source(STDIN_FILENO), output: DescriptorStreams.sink(STDOUT_FILENO))
    }
    // What it showed last may have no end.
    StandardStreams.say("\n")
    session.console.note(ending == .ended ? "\(name) ended" : "left \(name), which goes on")
  }
}
