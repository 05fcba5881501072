import ArgumentParser
import Emulator
import Foundation
import TerminalProgress

/// `drydock logs`.
struct Logs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Show the engines' logs.",
    discussion: """
      Examples:
        drydock logs
        drydock logs mydb -f --tail 100
      """)

  @Argument(help: "The resources; else all.", completion: NameCompletion.resources)
  var resources: [String] = []

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
    guard let instance = try session.existingInstance() else {
      session.console.note("nothing is here yet; start it: drydock up")
      return
    }
    let logs = try await LogOperation(context: session.context, instance: instance, selected: resources)
    let printer = LogPrinter(names: logs.names, console: session.console)
    if follow {
      try await logs.follow(lines: tail) { name, line in printer.print(name, line) }
    } else {
      for (name, line) in try await logs.lines(tail) { printer.print(name, line) }
    }
  }
}

/// Prints log lines with their resource in front.
struct LogPrinter: Sendable {
  private let prefixes: [String: String]
  private let console: Console

  init(names: [String], console: Console) {
    let width = names.map { DisplayWidth.of(TerminalText.line($0)) }.max() ?? 0
    let colours = [36, 33, 32, 35, 34, 31]
    var prefixes: [String: String] = [:]
    for (index, name) in names.enumerated() {
      let padded = DisplayWidth.padded(TerminalText.line(name), to: width) + " | "
      prefixes[name] =
        console.colours ? "\u{1B}[\(colours[index % colours.count])m\(padded)\u{1B}[0m" : padded
    }
    self.prefixes = prefixes
    self.console = console
  }

  func print(_ name: String, _ line: String) {
    // Not escaped where a program reads on.
    let shown = isatty(STDOUT_FILENO) == 1 ? TerminalText.line(line) : line
    console.printUnchanged((prefixes[name] ?? "") + shown)
  }
}
