import ArgumentParser

/// `drydock env unset`.
struct UnsetEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unset", abstract: "Remove values from the app env.")

  @Argument(help: "What to remove.")
  var keys: [String]

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    try await AppEnvironmentEdit(session).change { values in keys.forEach { values[$0] = nil } }
    session.console.print("Unsetting \(keys.sorted().joined(separator: ", "))... OK")
  }
}
