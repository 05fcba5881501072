import AppState
import ArgumentParser
import DrydockBase
import Emulator
import MonotonicTime
import Planning

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

  @Argument(
    help: ArgumentHelp("What to set.", valueName: "KEY=value"), completion: NameCompletion.parameterAssignment
  )
  var pairs: [String] = []

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    let values = try await values(session.console)
    let workspace = try session.workspaceOfInstanceIfPresent()
    let instance = try await session.openInstance()
    let operation = ParameterOperation(
      context: session.context, instance: instance, workspace: workspace, notice: session.console.note)
    let restarting = try await operation.set(values, until: .after(.seconds(120)))
    if !restarting.isEmpty { try await restart(restarting, instance, session) }
    let names = values.keys.map(\.rawValue).sorted().joined(separator: ", ")
    session.console.print("Setting \(names)... OK")
  }

  /// Servers without accounts get the password by an `up` of their own.
  private func restart(_ names: [String], _ instance: InstanceState, _ session: Session) async throws {
    let list = names.joined(separator: ", ")
    guard let workspace = try session.workspaceOfInstanceIfPresent() else {
      return session.console.note("\(list) starts again with the new password at the next drydock up")
    }
    session.console.note("\(list) starts again with the new password")
    let up = UpOperation(
      context: session.context, workspace: workspace, app: options.app,
      extraEnvironment: try session.extraEnvironment(), choice: .auto,
      options: UpOptions(
        selected: Set(names), deadline: .after(.seconds(120)), isOffline: true, rack: instance.lastRack),
      events: UpOperation.UpEvents(phase: { _, _ in }, notice: session.console.warn, planned: { _ in }))
    _ = try await up.run()
  }

  /// Everything is checked before an instance is made for it.
  private func values(_ console: Console) async throws -> [AppParameter: String] {
    var values: [AppParameter: String] = [:]
    for (key, value) in try await StandardInput.assignments(unless: pairs, console) {
      let parameter = try AppParameter.named(key)
      try parameter.check(value)
      values[parameter] = value
    }
    for pair in pairs {
      guard let (name, value) = pair.pairExactly(at: "="), !name.isEmpty else {
        throw DrydockError(.usage, "Key=Value expected: \(pair)")
      }
      let parameter = try AppParameter.named(name)
      try parameter.check(value)
      values[parameter] = value
    }
    guard !values.isEmpty else {
      throw DrydockError(.usage, "nothing to set", suggestion: "drydock params set KEY=value")
    }
    return values
  }
}
