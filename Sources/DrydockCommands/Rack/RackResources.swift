import ArgumentParser
import Emulator
import Resources

/// `drydock rack resources`.
struct RackResources: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resources",
    abstract: "List the resources that were created on their own; the verbs are those of drydock resources.",
    discussion: """
      Examples:
        drydock rack resources
        drydock rack resources create postgres --name main-db storage=50
        drydock rack resources info main-db
      """,
    subcommands: [ListRackResources.self]
      + Resources.configuration.subcommands.filter { $0 != ListResources.self },
    defaultSubcommand: ListRackResources.self)
}

/// `drydock rack resources list`.
struct ListRackResources: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the resources that were created on their own.")

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await asConvox {
      let session = Session(common.shared)
      let resources = try await ResourceLookup(context: session.context).created()
      if common.format == .json { return try session.console.print(json: resources) }
      session.console.print(
        ConvoxColumns.table(
          ["NAME", "TYPE", "STATUS"], resources.map { [$0.name, $0.type, $0.status] },
          screen: session.console.screen(isWide: lines.wide)))
      if resources.isEmpty {
        session.console.note("none was created on its own; the first: drydock rack resources create TYPE")
      }
    }
  }
}
