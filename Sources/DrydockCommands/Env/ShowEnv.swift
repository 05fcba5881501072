import ArgumentParser
package import ConvoxEnvironment
import DrydockBase
import Emulator
import Essentials
import LocalFiles
import Resources

/// `drydock env [SERVICE]`.
struct ShowEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the variables that a service gets; without a name, those of all resources.")

  @Argument(help: "The service.", completion: NameCompletion.services)
  var service: String?

  @Option(help: "How they are printed: dotenv, docker, shell, json or github.")
  var format: EnvironmentFormat = .dotenv

  @Option(name: .customLong("for"), help: "From where they are used: host or container.")
  var viewpoint: Viewpoint = .host

  @Option(
    help: ArgumentHelp("Keep a marked block in this file up to date instead of printing.", valueName: "file"),
    completion: .file())
  var write: String?

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    if write != nil, format == .json {
      throw DrydockError(
        .usage, "a marked block of other lines cannot be kept in JSON",
        suggestion: "drydock env --format json > FILE")
    }
    let session = try Session(options).selecting(rack)
    let variables = try EnvironmentQuery(session).variables(service: service, from: viewpoint)
    let rendered = render(variables, as: format)
    let command = service.map { "drydock env \($0)" } ?? "drydock env"
    rendered.warning(write ?? "what is printed", command: command).map(session.console.warn)
    guard let path = write else {
      if variables.isEmpty, format != .json {
        session.console.note("no resource gives variables here; what a service gets: drydock env SERVICE")
      }
      return session.console.print(rendered.text)
    }
    let before = try content(of: path)
    let after = try MarkedBlock().updating(before ?? [], with: rendered.text)
    try AtomicFile.write(after, to: path, mode: before == nil ? 0o600 : nil, onlyIfChanged: true)
    if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
      session.console.note("\(path) is a link; what was written is \(target)")
    }
  }

  /// The content of a file of the user's; nil for a file that is to be.
  private func content(of path: String) throws -> [UInt8]? {
    do {
      return try BoundedFile.read(path, limit: 1 << 26)
    } catch {
      if case .missing = error { return nil }
      throw DrydockError(
        .cannotWrite, "cannot keep a block in \(path): \(error.reason)",
        suggestion: "name a text file of your own")
    }
  }
}

extension EnvironmentFormat: ExpressibleByArgument {}
extension Viewpoint: ExpressibleByArgument {}
