import ArgumentParser
import Emulator

/// `drydock resources link`.
struct LinkResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "Give an app the variables of a created resource.",
    discussion: """
      All its services get them: mysql-4624 gives MYSQL_4624_URL and so on.
      A syslog resource gives none: its URL becomes a drain of the app's logs.

      Examples:
        drydock resources link mysql-4624
        drydock resources link syslog-3785 --app example-app
      """)

  @Argument(help: "The resource.", completion: NameCompletion.created)
  var name: String

  @OptionGroup var work: ResourceWorkOptions

  func run() async throws {
    try await asConvox {
      try work.refuseDeclared(
        name, instead: "its services have its variables without a link: resources: [\(name)]")
    }
    try await work.runLinking {
      "Linking to \($0)..."
    } change: { resources, app, work in
      try await resources.link(name, to: app, work)
    }
  }
}
