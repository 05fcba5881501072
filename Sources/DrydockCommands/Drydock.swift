import AppState
package import ArgumentParser
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
import HealthProbes
import NativeProcess
import PortForwarding
import TerminalProgress

/// The root command.
package struct Drydock: AsyncParsableCommand {
  /// The name, the help and the commands below.
  package static let configuration = CommandConfiguration(
    commandName: "drydock",
    abstract: "Run a Convox app on this machine: its resources, services and timers.",
    discussion: """
      Reads convox.yml, starts a real engine for every resource, in a container
      or natively, proves each healthy, and gives services the variables of AWS.

      In the app's folder:
        drydock start                  everything, until Ctrl-C
        drydock up                     the resources only
        drydock run web -- bin/setup   a command with a service's variables
        drydock ps                     what runs, where
        drydock down                   stop; data is kept
      """,
    version: Version.number,
    subcommands: [
      Up.self, Start.self, Build.self, Stop.self, Restart.self, Scale.self, Open.self, Exec.self, Attach.self,
      Ps.self,
      Env.self, Params.self,
      Run.self, Test.self, Resources.self, Logs.self, Timers.self, Volumes.self, Replica.self, CA.self,
      ManifestCommand.self, Check.self, Down.self, RackCommand.self,
      Adopt.self, Prune.self, Cache.self,
      Doctor.self, VersionCommand.self,
    ])

  /// The root command.
  package init() {}

  /// Parses the arguments, runs the command, and ends the process with the status that fits.
  package static func runProcess(_ arguments: [String] = Array(CommandLine.arguments.dropFirst())) async
    -> Never
  {
    StandardStreams.fill()
    // Before anything has threads, which do not live long where this fails.
    do { try ProcessFiles.check() } catch { end(ErrorReport.print(error) ?? error.code.rawValue) }
    Diagnostics.begin(DrydockContext.callersEnvironment["DRYDOCK_LOG"])
    // Kept by now, and for programs that take this process's place.
    PostgresVariables.takeOut()
    EventLoops.bound()
    do {
      try ThreadLimit.check()
      try DescriptorLimit.raise()
      // The command is parsed inside, because it may not travel between tasks.
      try await Interruption.guarding {
        if let error = unknownCommand(in: arguments) ?? Resources.unknownVerb(in: arguments) { throw error }
        var command = try command(in: Test.spelled(arguments))
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      }
      await Diagnostics.flush()
      end(0)
    } catch {
      await Diagnostics.flush()
      if let status = ErrorReport.print(error) { end(status) }
      end(printParserMessage(error))
    }
  }

  /// Ends the process without what libraries have registered for its end: they wait there for their threads, one after the
  /// other, which the system ends as well.
  private static func end(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }

  /// The command that the arguments ask for.
  ///
  /// The parser makes a tree of all commands and reads the arguments once for each on the way to the one that is meant,
  /// which takes longer than most commands do. So that one alone is tried first; what it does not take, such as a
  /// request for help, is left to the whole tree, whose answer knows where it stands. Groups of commands have no
  /// options of their own that could stand behind.
  static func command(in arguments: [String]) throws -> any ParsableCommand {
    if let (command, rest) = leaf(in: arguments), let parsed = try? command.parseAsRoot(rest) {
      return parsed
    }
    return try parseAsRoot(arguments)
  }

  /// The command that the first words name, where it has no others below, and what stands behind them.
  private static func leaf(in arguments: [String]) -> (any ParsableCommand.Type, [String])? {
    var words = arguments[...]
    var command: any ParsableCommand.Type = Drydock.self
    while let word = words.first,
      let next = command.configuration.subcommands.first(where: { $0._commandName == word })
    {
      (command, words) = (next, words.dropFirst())
    }
    command = command.configuration.defaultSubcommand ?? command
    return command.configuration.subcommands.isEmpty ? (command, Array(words)) : nil
  }

  /// The error about a word that is no command: the parser would only call it unexpected, or print the general help.
  static func unknownCommand(in arguments: [String]) -> DrydockError? {
    let asksForHelp = arguments.first == "help"
    var words = arguments.drop { $0 == "help" }
    var parent: any ParsableCommand.Type = Drydock.self
    var path: [String] = []
    while let word = words.popFirst(), !word.hasPrefix("-") {
      let commands = parent.configuration.subcommands
      if let next = commands.first(where: { $0._commandName == word }) {
        (parent, path) = (next, path + [word])
        continue
      }
      // The parser's own, for completions and for tools that read the commands.
      guard !commands.isEmpty, !word.hasPrefix("__") else { return nil }
      // What stands where a subcommand may be left out can be that one's own argument.
      let takesArguments = parent.configuration.defaultSubcommand != nil && !asksForHelp
      let names = commands.map { $0._commandName }
      if takesArguments, nearest(to: word, in: names) == nil || words.isEmpty { return nil }
      return UnknownName.error(
        path.isEmpty ? "command" : "command of \(path.joined(separator: " "))", word, known: names)
    }
    return nil
  }

  /// Prints what the argument parser says: help on stdout, complaints on stderr in the form of all others.
  private static func printParserMessage(_ error: any Error) -> Int32 {
    let status = exitCode(for: error).rawValue
    let message = fullMessage(for: error)
    guard status == 0 else {
      let text = message.hasPrefix("Error: ") ? "ERROR: " + message.dropFirst(7) : message
      StandardStreams.say(TerminalText.lines(String(text)) + "\n")
      return status
    }
    return StandardStreams.tell(FishCompletion.amended(message) + "\n")
  }
}
