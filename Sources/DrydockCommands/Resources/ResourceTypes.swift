import ArgumentParser
import Emulator
import Resources

/// `drydock resources types`.
struct ResourceTypes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "types", abstract: "List the types of resources that can be created.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let types = CreatedResources(context: session.context).types()
    if common.format == .json { return try session.console.print(json: types) }
    session.console.print(ConvoxColumns.table(["TYPE"], types.map { [$0.name] }))
  }
}
