import ArgumentParser
import Emulator
import Resources

/// `drydock resources options`.
struct ResourceOptions: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "options", abstract: "List the options of a type of resource.",
    discussion: """
      Examples:
        drydock resources options postgres
        drydock resources options syslog --format json
      """)

  @Argument(help: "The type; drydock resources types lists them.", completion: NameCompletion.types)
  var type: String

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let options = try CreatedResources(context: session.context).options(type)
    if common.format == .json { return try session.console.print(json: options) }
    let rows = options.map { [$0.name, $0.default, $0.description] }
    let screen = session.console.screen(isWide: lines.wide)
    session.console.print(ConvoxColumns.table(["NAME", "DEFAULT", "DESCRIPTION"], rows, screen: screen))
  }
}
