import ArgumentParser

/// `drydock env unset`.
struct UnsetEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unset", abstract: "Remove values from the app env.")

  @Argument(help: "What to remove.", completion: NameCompletion.variables)
  var keys: [String]

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = try Session(options).selecting(rack)
    try await AppEnvironmentEdit(session).change { values in keys.forEach { values[$0] = nil } }
    session.console.print("Unsetting \(keys.sorted().joined(separator: ", "))... OK")
  }
}
