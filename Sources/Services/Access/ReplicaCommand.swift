package import AppState
package import ByteStreams
import DrydockBase
import NativeProcess
package import Servers

/// A command beside a replica's program, wherever that runs, whose streams somebody else has at the other end.
package struct ReplicaCommand: Sendable {
  private enum Place: Sendable {
    case process(Tool)
    case container(ContainerCommand)
  }

  private let place: Place

  /// A command for a shell.
  /// - Parameters:
  ///   - behindEntryPoint: Whether the container's entry point comes before it.
  ///   - supervisor: Who ends it in a container where this process is killed; nil for nobody.
  /// - Throws: `DrydockError` where the replica has ended, or no engine answers.
  package init(
    _ text: String, beside access: ReplicaAccess, behindEntryPoint: Bool = false,
    supervisor: ControlClient? = nil, _ context: DrydockContext
  ) async throws {
    switch access.place {
    case .process(let place):
      var tool = Tool(
        executable: "/bin/sh",
        arguments: ["-c", "exec \"$@\" 2>&1", "sh"] + place.mounter + ["/bin/sh", "-c", text],
        environment: place.environment.merging(["PWD": place.folder]) { $1 }, workingDirectory: place.folder)
      tool = tool.run(as: nil, by: try Keeper.locate(environment: context.environment))
      self.place = .process(tool)
    case .container(let id, _):
      let words = ["sh", "-c", text]
      self.place = .container(
        try await ContainerCommand(
          words, in: id, behindEntryPoint: behindEntryPoint, guardian: supervisor, context))
    }
  }

  /// Runs it to its end; where the caller is cancelled, or one of the streams fails, it is ended.
  /// - Parameters:
  ///   - terminal: The terminal that it shall have; nil for pipes.
  ///   - output: Takes all that it writes, standard error too.
  /// - Returns: Its exit code.
  package func run(
    terminal: ConsoleTerminal?, input: @escaping ByteSource, output: @escaping ByteSink
  ) async throws -> Int {
    switch place {
    case .process(var tool):
      guard let terminal else { return try await tool.stream(input: input, output: output).exitCode }
      tool.environment["TERM"] = terminal.name
      return try await tool.onTerminal(sizes: terminal.sizes, input: input, output: output)
    case .container(let command):
      let (signals, end) = AsyncStream.makeStream(of: Int32.self)
      end.finish()
      return try await command.run(
        terminal: terminal, signals: signals, input: input, output: output, error: output)
    }
  }
}
