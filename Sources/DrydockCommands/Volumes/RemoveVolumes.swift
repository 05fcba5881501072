import AppState
import ArgumentParser
import DrydockBase
import Services

/// `drydock volumes rm`.
struct RemoveVolumes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm",
    abstract: "Remove a volume with its data, for good.",
    discussion: """
      A volume that a service uses is refused: stop the service first.

      Examples:
        drydock volumes rm /data
        drydock volumes rm uploads --yes
      """)

  @Argument(help: "The volumes, as drydock volumes lists them.", completion: NameCompletion.volumes)
  var names: [String]

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    guard let volumes = try session.volumes() else {
      throw DrydockError(.failed, "this app has no volumes: it never ran here")
    }
    let known = try await volumes.list().map(\.name)
    for name in names where !known.contains(name) {
      throw UnknownName.error("volume", name, known: known)
    }
    try await confirm(session.console)
    try await volumes.remove(names)
    for name in names { session.console.note("\(name) removed") }
  }

  private func confirm(_ console: Console) async throws {
    guard !yes else { return }
    let list = names.joined(separator: ", ")
    guard console.isInteractive else {
      throw DrydockError(.usage, "this deletes the data of \(list) for good", suggestion: "say --yes too")
    }
    guard try await console.confirm("Delete the data of \(list) for good?") else {
      throw DrydockError(.failed, "nothing was deleted")
    }
  }
}
