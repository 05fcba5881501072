import ArgumentParser
import Emulator
import Resources

/// `drydock resources url`.
struct ResourceURL: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "url", abstract: "Print a resource's URL, its password included.",
    discussion: """
      Examples:
        psql "$(drydock resources url mydb)"
      """)

  @Argument(help: "The resource.", completion: NameCompletion.anyResources)
  var name: String

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await asConvox {
      let session = Session(common.shared)
      let query = try ResourceQuery(session)
      let target = try query.lookup.target(name, app: query.app)
      let url = try target.requiredURL()
      switch common.format {
      case .table: session.console.print(url)
      case .json: try session.console.print(json: try await query.lookup.describe(target))
      }
    }
  }
}
