import AppState
import ArgumentParser
import ByteStreams
import DrydockBase
import Essentials
import MonotonicTime
import Services

/// `drydock exec`.
struct Exec: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec",
    abstract: "Run a command where a service runs: in its container, or beside its process.",
    // The parser's own has the options last, where they would be the command's.
    usage: "drydock exec [<options>] <service> [--] <command> ...",
    discussion: """
      A service's name means its first replica that is ready; web.2 names another
      one. In a container the command runs as the container's user. Beside a process
      it runs in the same folder, with the variables that the process was started
      with and its efs volumes. The command has your terminal, pipes and signals, and
      its exit code is passed on.

      Examples:
        drydock exec web -- sh
        drydock exec web.2 ps aux
        drydock exec web -- bin/dump > dump.bin
      """)

  @Argument(help: "The service, or one of its replicas.", completion: NameCompletion.replicas)
  var service: String

  @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
  var command: [String] = []

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let words = try words()
    try StandardStreams.requireInput()
    let session = Session(options)
    let supervisor = SupervisorProcess(context: session.context, id: try session.startedInstance().id)
    guard let access = try await supervisor.client.access(service, until: .after(.seconds(20))) else {
      throw SupervisorProcess.notStarted
    }
    switch access.place {
    case .process(let place):
      await Diagnostics.flush()
      throw try Self.become(words, in: place, session)
    case .container(let container, _):
      let code = try await Self.run(
        try await ContainerCommand(words, in: container, guardian: supervisor.client, session.context),
        session)
      if code != 0 { throw ExitCode(Int32(truncatingIfNeeded: code)) }
    }
  }

  private func words() throws -> [String] {
    if let first = command.first, first.hasPrefix("-"), first != "--" {
      throw DrydockError(
        .usage, "\(first) stands where the command is expected",
        suggestion: "options come before the service: drydock exec \(first) \(service) -- COMMAND")
    }
    let words = command.first == "--" ? Array(command.dropFirst()) : command
    guard !words.isEmpty else {
      throw DrydockError(
        .usage, "no command to run in \(service)", suggestion: "drydock exec \(service) -- sh")
    }
    return words
  }

  private static func become(
    _ words: [String], in place: ProcessPlace, _ session: Session
  ) throws -> any Error {
    guard chdir(place.folder) == 0 else {
      let reason = String(cString: strerror(errno))
      throw DrydockError(.failed, "cannot enter \(place.folder), the service's folder: \(reason)")
    }
    // The service may have been started from another terminal, or from none.
    let own = ["TERM": session.context.environment["TERM"], "PWD": place.folder].compactMapValues(\.self)
    return Executable.replaceProcess(
      place.mounter + words, environment: place.environment.merging(own) { $1 })
  }

  /// Runs a command in a container, with this process's terminal, pipes and signals.
  /// - Returns: Its exit code.
  static func run(_ command: ContainerCommand, _ session: Session) async throws -> Int {
    let signals = Interruption.passingOn()
    let (input, output, error) = (
      DescriptorStreams.source(STDIN_FILENO), DescriptorStreams.sink(STDOUT_FILENO),
      DescriptorStreams.sink(STDERR_FILENO)
    )
    guard LocalTerminal.isPresent else {
      return try await command.run(
        terminal: nil, signals: signals, input: input, output: output, error: error)
    }
    return try await LocalTerminal.raw {
      try await command.run(
        terminal: LocalTerminal.described(session.context.environment), signals: signals, input: input,
        output: output, error: error)
    }
  }
}
