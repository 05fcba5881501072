import ArgumentParser
import Emulator

/// `drydock resources start`.
struct StartResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Bring up a created resource that was stopped, or that failed.",
    discussion: """
      A resource is stopped by drydock down --app NAME, by drydock down --all and by
      a reboot, which keep its data.

      Example:
        drydock resources start main-db
      """)

  @Argument(help: "The resource.", completion: NameCompletion.created)
  var name: String

  @OptionGroup var work: ResourceWorkOptions

  func run() async throws {
    try await work.run("Starting resource...") { resources, work in
      try self.work.refuseDeclared(name, instead: "start it: drydock up \(name)")
      let resource = try await resources.start(name, work)
      return (resource, "OK")
    }
  }
}
