import AppState
import ArgumentParser
import DrydockBase
import Emulator

/// `drydock resources delete`.
struct DeleteResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a created resource and its data, for good.",
    discussion: """
      Refused while an app is linked to it, and while deletionProtection is true.
      Asks before it deletes; without a terminal, --yes is needed.

      Example:
        drydock resources delete mysql-4624
      """)

  @Argument(help: "The resource.", completion: NameCompletion.created)
  var name: String

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var work: ResourceWorkOptions

  func run() async throws {
    try await work.run("Deleting resource...") { resources, work in
      try self.work.refuseDeclared(
        name, instead: "remove it there; its data alone: drydock down \(name) --delete-data",
        removed: "delete its data: drydock down \(name) --delete-data")
      try resources.refuseDeletion(name)
      if let app = self.work.appDeclaring(name) {
        self.work.session.console.note("this is the created \(name); that of \(app.handle) stays")
      }
      try await confirm(self.work.session.console)
      let resource = try await resources.delete(name, work)
      return (resource, "OK")
    }
  }

  private func confirm(_ console: Console) async throws {
    guard !yes else { return }
    guard console.isInteractive else {
      throw DrydockError(
        .failed, "this deletes the created \(name) and all its data for good", suggestion: "say --yes too")
    }
    guard try await console.confirm("Delete the created \(name) and all its data for good?") else {
      throw DrydockError(.failed, "nothing was deleted")
    }
  }
}
