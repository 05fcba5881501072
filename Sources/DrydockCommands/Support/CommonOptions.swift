import AppState
import ArgumentParser
import ConvoxEnvironment
import DrydockBase
import Emulator
import Essentials
import Planning

/// The options that every command takes, but for `--format`, which means more where variables are printed.
struct SharedOptions: ParsableArguments {
  @Option(
    name: [.customLong("manifest"), .customShort("m")],
    help: ArgumentHelp("The manifest; else the nearest convox.yml upward.", valueName: "file"),
    completion: .file(extensions: ["yml", "yaml"]))
  var manifest: String?

  @Option(
    name: [.customLong("app"), .customShort("a")],
    help: ArgumentHelp("The app; else the file .convox/app, else the folder's name.", valueName: "name"),
    completion: NameCompletion.apps)
  var app: String?

  @Option(help: "Where resources run: auto, docker or native (also DRYDOCK_RUNTIME).")
  var runtime: RuntimeChoice?

  @Option(
    name: .customLong("env-file"),
    help: ArgumentHelp(
      "KEY=value lines added to the app env, for this command alone; may be repeated.", valueName: "file"),
    completion: .file())
  var environmentFiles: [String] = []

  @Flag(name: .shortAndLong, help: "Print results and errors only.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more, and log on stderr what is done.")
  var verbose = false
}

/// The options of commands that print a listing.
struct CommonOptions: ParsableArguments {
  @OptionGroup var shared: SharedOptions

  @Option(help: "How results are printed: table or json.")
  var format: OutputFormat = .table
}

extension RuntimeChoice: ExpressibleByArgument {}

/// How a listing is printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  /// For people.
  case table
  /// For programs: the model, keys sorted.
  case json
}

extension SharedOptions {
  /// The runtime that the option names, else the environment, else automatic.
  func runtimeChoice(_ context: DrydockContext) throws -> RuntimeChoice {
    try runtime ?? RuntimeChoice(environment: context.environment)
  }
}
