import ArgumentParser
import Emulator

/// `drydock resources update`.
struct UpdateResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change options of a created resource.",
    discussion: """
      Changes that AWS could not make are refused; storage never shrinks, for one.

      Examples:
        drydock resources update main-db storage=100
        drydock resources update syslog-3785 Url=tcp://127.0.0.1:5514
      """)

  @Argument(help: "The resource.", completion: NameCompletion.created)
  var name: String

  @Argument(help: ArgumentHelp("Options with their new values.", valueName: "Option=value"))
  var options: [String] = []

  @OptionGroup var work: ResourceWorkOptions

  func run() async throws {
    let parameters = try Assignments.parse(options, expected: "Key=Value")
    try await work.run("Updating resource...") { resources, work in
      try self.work.refuseDeclared(name, instead: "change its options there, and run drydock up")
      let resource = try await resources.update(name, parameters: parameters, work)
      return (resource, "OK")
    }
  }
}
