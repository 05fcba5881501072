import ArgumentParser
import ConvoxEnvironment
import DrydockBase
import Emulator

/// `drydock env set`.
struct SetEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set values of the app env; without arguments, KEY=value lines are read from stdin.",
    discussion: """
      Lines on stdin are taken as Convox takes them, including quotes. A file given
      by --from is read as dotenv libraries do, without the quotes around values.

      Examples:
        drydock env set SECRET=s3cret
        drydock env set --from .env
        convox env | drydock env set
      """)

  @Argument(
    help: ArgumentHelp("What to set.", valueName: "KEY=value"), completion: NameCompletion.variableAssignment)
  var pairs: [String] = []

  @Option(
    name: .customLong("from"), help: ArgumentHelp("Set what a dotenv file has.", valueName: "file"),
    completion: .file())
  var file: String?

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = try Session(options).selecting(rack, isNewAllowed: true)
    var values = try await given(session.console)
    for pair in pairs {
      guard let (name, value) = pair.pairExactly(at: "="), !name.isEmpty else {
        throw DrydockError(.usage, "Key=Value expected: \(pair)")
      }
      values[name] = value
    }
    guard !values.isEmpty else {
      throw DrydockError(.usage, "nothing to set", suggestion: "drydock env set KEY=value")
    }
    try await AppEnvironmentEdit(session).set(values)
    session.console.print("Setting \(values.keys.sorted().joined(separator: ", "))... OK")
  }

  /// What a file gives, or standard input.
  private func given(_ console: Console) async throws -> [String: String] {
    guard let file else { return try await StandardInput.assignments(unless: pairs, console) }
    let (environment, warnings) = try EnvironmentFile(file).read(as: .dotenv)
    warnings.forEach { console.warn("\(file): \($0)") }
    return environment.values
  }
}
