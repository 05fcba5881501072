import ArgumentParser
import DrydockBase
import Emulator

/// `drydock env set`.
struct SetEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set values of the app env; without arguments, KEY=value lines are read from stdin.")

  @Argument(
    help: ArgumentHelp("What to set.", valueName: "KEY=value"), completion: NameCompletion.variableAssignment)
  var pairs: [String] = []

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = try Session(options).selecting(rack, isNewAllowed: true)
    var values = try StandardInput.assignments(unless: pairs, session.console)
    for pair in pairs {
      guard let (name, value) = pair.pairExactly(at: "="), !name.isEmpty else {
        throw DrydockError(.usage, "Key=Value expected: \(pair)")
      }
      values[name] = value
    }
    guard !values.isEmpty else {
      throw DrydockError(.usage, "nothing to set", suggestion: "drydock env set KEY=value")
    }
    try await AppEnvironmentEdit(session).change { $0.merge(values) { $1 } }
    session.console.print("Setting \(values.keys.sorted().joined(separator: ", "))... OK")
  }
}
