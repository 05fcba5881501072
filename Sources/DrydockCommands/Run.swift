import ArgumentParser
import ConvoxEnvironment
import ConvoxManifest
import Emulator
import Foundation

/// `drydock run`.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a command with exactly a service's environment on top of the caller's.",
    discussion: """
      The command takes drydock's place: signals, terminal and exit code are its own.

      Examples:
        drydock run web -- bin/web
        drydock run web sh -c 'echo $MYDB_URL'
      """)

  @Argument(help: "The service.")
  var service: String

  @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
  var command: [String] = []

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let words = command.first == "--" ? Array(command.dropFirst()) : command
    guard let program = words.first else {
      throw EmulatorError(.usage, "no command to run", suggestion: "drydock run \(service) -- COMMAND")
    }
    let session = Session(options)
    let query = EnvironmentQuery(session)
    var variables = try query.variables(service: service) + query.volumeVariables(service: service)
    variables += try query.trustVariables(service: service, besides: variables)
    for name in try await query.idleResources(service: service) {
      session.console.warn("\(name) is not running; start it: drydock up")
    }
    throw Executable.replaceProcess(program, words, adding: variables)
  }
}

/// Becomes another program.
enum Executable {
  /// Replaces this process; returns only when that fails, with the status a shell would give.
  static func replaceProcess(
    _ program: String, _ words: [String], adding variables: [EnvironmentVariable]
  ) -> any Error {
    for variable in variables { setenv(variable.name, variable.value, 1) }
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    execvp(program, &arguments)
    let reason = errno
    arguments.forEach { free($0) }
    let message = "ERROR: cannot run \(program): \(String(cString: strerror(reason)))\n"
    FileHandle.standardError.write(Data(message.utf8))
    return ExitCode(reason == ENOENT ? 127 : 126)
  }
}
