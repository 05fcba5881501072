import AppState
import ArgumentParser
import ByteStreams
import ConvoxEnvironment
import Emulator
import Essentials
import Resources
import TerminalProgress
import Transfer

/// `drydock resources console`.
struct ConsoleResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "Talk to a resource with its engine's own client, or at a prompt if it has none.",
    discussion: """
      The client is taken from where the engine runs, logged in as the app.
      Without a terminal it reads from the pipe; its exit code is passed on.

      Examples:
        drydock resources console mydb
        drydock resources console mydb -- -c 'SELECT 1'
        echo stats | drydock resources console mem
      """)

  @Argument(help: "The resource.", completion: NameCompletion.anyResources)
  var name: String

  @OptionGroup var options: SharedOptions

  @Argument(parsing: .postTerminator, help: "What the client gets besides, after --.")
  var arguments: [String] = []

  func run() async throws {
    try await asConvoxTransfer {
      try StandardStreams.requireInput()
      let session = Session(options)
      let query = try ResourceQuery(session)
      let target = try query.lookup.target(name, app: query.app)
      let console = try await ResourceConsole(context: session.context, target: target)
        .open(arguments: arguments)
      if let program = console.program { throw Self.become(program) }
      let code = try await talk(console, session)
      if code != 0 { throw ExitCode(Int32(code)) }
    }
  }

  private static func become(_ program: ConsoleProgram) -> any Error {
    Executable.replaceProcess(
      program.words, adding: program.environment.map { EnvironmentVariable(name: $0.key, value: $0.value) },
      hiding: program.hiddenVariables)
  }

  private func talk(_ console: ConsoleSession, _ session: Session) async throws -> Int {
    let (input, output, error) = (
      DescriptorStreams.source(STDIN_FILENO), DescriptorStreams.sink(STDOUT_FILENO),
      DescriptorStreams.sink(STDERR_FILENO)
    )
    guard LocalTerminal.isPresent else {
      return try await console.run(input: input, output: output, error: error)
    }
    if console.wantsPrompt {
      session.console.note("\(name): type commands of the text protocol; quit or Ctrl-D ends")
      let editor = LinePrompt(prompt: "\(name)> ", input: input, output: output)
      _ = try await LocalTerminal.raw {
        try await console.run(
          input: { try await editor.next() }, output: { try await editor.show($0) }, error: error)
      }
      return 0
    }
    return try await LocalTerminal.raw {
      try await console.run(
        terminal: LocalTerminal.described(session.context.environment), input: input, output: output,
        error: error)
    }
  }
}
