import ArgumentParser
import ConvoxEnvironment
import Emulator
import RackAPI

/// `drydock rack env`.
struct RackEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "env",
    abstract: "Show the variables by which the convox command finds the rack; they hold its password.",
    discussion: """
      They are shown only while the rack runs and listens at its port itself.

      Examples:
        eval "$(drydock rack env)"
        drydock rack env --format json
      """)

  @Option(help: "How they are printed: shell, dotenv, docker, json or github.")
  var format: EnvironmentFormat = .shell

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    let variables = try await RackProcess(context: session.context).variables()
      .map { EnvironmentVariable(name: $0, value: $1) }
    let rendered = render(variables, as: format)
    rendered.warning("what is printed", command: "drydock rack env").map(session.console.warn)
    session.console.print(rendered.text)
  }
}
