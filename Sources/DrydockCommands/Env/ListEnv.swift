import ArgumentParser
import ConvoxEnvironment

/// `drydock env list`.
struct ListEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show the app env: all that was set, whichever services declare it.",
    discussion: """
      The lines are those of convox env, sorted. What a service gets is shown by
      drydock env SERVICE; a service of this name by drydock env show list.
      """)

  @OptionGroup var rack: RackOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = try Session(common.shared).selecting(rack)
    let values = try session.appEnvironment(try session.existingInstance(allowsNewName: true))
    if common.format == .json { return try session.console.print(json: values) }
    if values.isEmpty {
      let command = "drydock env set KEY=VALUE" + (rack.name.map { " --rack \($0)" } ?? "")
      return session.console.note("the app env is empty; set a value: \(command)")
    }
    session.console.print(AppEnvironment(values).text)
  }
}
