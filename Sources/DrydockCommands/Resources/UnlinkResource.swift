import ArgumentParser
import Emulator

/// `drydock resources unlink`.
struct UnlinkResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlink", abstract: "Take the variables of a created resource from an app.",
    discussion: """
      Example:
        drydock resources unlink mysql-4624 --app example-app
      """)

  @Argument(help: "The resource.", completion: NameCompletion.created)
  var name: String

  @OptionGroup var work: ResourceWorkOptions

  func run() async throws {
    try await work.runLinking {
      "Unlinking from \($0)..."
    } change: { resources, app, work in
      try await resources.unlink(name, from: app, work)
    }
  }
}
