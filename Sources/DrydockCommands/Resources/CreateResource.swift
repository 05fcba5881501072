import AppState
import ArgumentParser
import Emulator
import Resources

/// `drydock resources create`.
struct CreateResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a resource on its own, outside any convox.yml.",
    discussion: """
      It is a real engine with its own password. Every app on this machine can use
      it: by its URL, or by its variables once it is linked.

      Examples:
        drydock resources create postgres --name main-db storage=50 version=15
        drydock resources create mysql
        drydock resources create syslog Url=tcp+tls://logs.example.com:11235
      """)

  @Argument(help: "The type; drydock resources types lists them.", completion: NameCompletion.types)
  var type: String

  @Argument(
    help: ArgumentHelp("Options; drydock resources options TYPE lists them.", valueName: "Option=value"))
  var options: [String] = []

  @Option(name: .shortAndLong, help: "Its name; one like mysql-4624 is made without.")
  var name: String?

  @OptionGroup var work: ResourceWorkOptions

  func run() async throws {
    let parameters = try Assignments.parse(options, expected: "Name=Value")
    try await work.run("Creating resource...") { resources, work in
      let resource = try await resources.create(type, named: name, parameters: parameters, work)
      if let app = self.work.appDeclaring(resource.name) {
        self.work.session.console.warn(
          "\(app.handle) has a \(resource.name) too: info, url, proxy, console, export and import mean that one"
            + " there; update, start and delete mean this one")
      }
      return (resource, "OK, \(resource.name)")
    }
  }
}
