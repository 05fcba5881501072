import AppState
import ArgumentParser
import Emulator
import MonotonicTime

/// `drydock adopt`.
struct Adopt: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adopt",
    abstract: "Give this folder the data of an app that has no folder any more.",
    discussion: """
      For a folder that was cloned again or moved, and whose app drydock does not
      recognise. drydock ps --all lists the apps that have no folder.

      Examples:
        drydock adopt shop
      """)

  @Argument(help: "The app, as drydock ps --all shows it.", completion: NameCompletion.apps)
  var handle: String

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let folder = try session.workspace().folder
    let adopted = try await session.context.directory.adopt(
      handle, into: folder, until: .after(.seconds(30)), notice: session.console.note)
    if common.format == .json {
      try session.console.print(json: AdoptedApp(app: adopted.state.handle, path: folder.path))
    }
    session.console.note("this folder is \(adopted.state.handle) now; go on: drydock up")
    if let before = adopted.before {
      session.console.note(
        "\(before.handle), which it was, has no folder any more; its data stays: drydock ps --app \(before.handle)"
      )
    }
  }
}

/// An app and the folder that it was given.
struct AdoptedApp: Codable, Sendable {
  let app: String
  let path: String
}
