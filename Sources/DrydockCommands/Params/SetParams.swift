import ArgumentParser
import Emulator
import MonotonicTime

/// `drydock params set`.
struct SetParams: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set app parameters; without arguments, KEY=value lines are read from stdin.",
    discussion: """
      A new password reaches running engines at once, their data untouched.
      Other users see a command's arguments: a password is better read from stdin.

      Examples:
        drydock params set AutoMinorVersionUpgrade=false
        drydock params set < app.params
      """)

  @Argument(help: ArgumentHelp("What to set.", valueName: "KEY=value"))
  var pairs: [String] = []

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    let values = try values(session.console)
    let workspace = try? session.workspaceOfInstance()
    let instance = try await session.openInstance()
    let operation = ParameterOperation(
      context: session.context, instance: instance, workspace: workspace, notice: session.console.note)
    try await operation.set(values, until: .after(.seconds(120)))
    let names = values.keys.map(\.rawValue).sorted().joined(separator: ", ")
    session.console.print("Setting \(names)... OK")
  }

  /// Everything is checked before an instance is made for it.
  private func values(_ console: Console) throws -> [AppParameter: String] {
    var values: [AppParameter: String] = [:]
    for (key, value) in try StandardInput.assignments(unless: pairs, console) {
      let parameter = try AppParameter.named(key)
      try parameter.check(value)
      values[parameter] = value
    }
    for pair in pairs {
      guard let split = pair.firstIndex(of: "="), split != pair.startIndex else {
        throw EmulatorError(.usage, "Key=Value expected: \(pair)")
      }
      let parameter = try AppParameter.named(String(pair[..<split]))
      let value = String(pair[pair.index(after: split)...])
      try parameter.check(value)
      values[parameter] = value
    }
    guard !values.isEmpty else {
      throw EmulatorError(.usage, "nothing to set", suggestion: "drydock params set KEY=value")
    }
    return values
  }
}
