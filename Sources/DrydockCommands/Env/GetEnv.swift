import ArgumentParser
import DrydockBase
import Emulator

/// `drydock env get`.
struct GetEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Show a value of the app env.")

  @Argument(help: "The key.", completion: NameCompletion.variables)
  var key: String

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = try Session(options).selecting(rack)
    guard let value = try session.appEnvironment(try session.existingInstance())[key] else {
      throw DrydockError(.failed, "env not found: \(key)")
    }
    session.console.print(value)
  }
}
