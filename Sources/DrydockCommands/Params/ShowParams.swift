import AppState
import ArgumentParser
import Emulator
import Planning
import TerminalProgress

/// `drydock params [show]`.
struct ShowParams: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the app parameters; a password that was set is masked.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let parameters = try session.existingInstance()?.shownParameters ?? InstanceState.defaultParameters
    if common.format == .json { return try session.console.print(json: parameters) }
    let rows = parameters.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
    session.console.print(Table(rows: rows).rendered())
  }
}
