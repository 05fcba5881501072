package import ByteStreams
import Containers
import DockerEngine
package import DrydockBase
import Engines

/// The terminal on the other side of a console.
package struct ConsoleTerminal: Sendable {
  /// What it is called (`TERM`).
  package var name: String
  /// Its sizes, the first one now and one for each change.
  package var sizes: AsyncStream<TerminalSize>

  /// A terminal.
  package init(name: String, sizes: AsyncStream<TerminalSize>) {
    self.name = name
    self.sizes = sizes
  }
}

extension ContainerRuntime {
  /// Runs a client in its container with or without a terminal.
  package func console(
    _ client: PreparedClient, terminal: ConsoleTerminal?, input: @escaping ByteSource,
    output: @escaping ByteSink, error: @escaping ByteSink
  ) async throws -> Int {
    var client = client
    client.environment["TERM"] = terminal?.name
    return try await execute(client, terminal: terminal?.sizes, input: input) { chunk in
      try await (chunk.stream == .stdout ? output : error)(chunk.bytes)
    }
  }
}
