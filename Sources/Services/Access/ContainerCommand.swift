package import AppState
package import ByteStreams
import Containers
import DockerEngine
import DrydockBase
import MonotonicTime
package import Servers

/// A command beside the program of a container that runs.
package struct ContainerCommand: Sendable {
  /// The variable by which the command is found in the container.
  private static let variable = "DRYDOCK_EXEC"

  private let client: DockerClient
  private let container: String
  private let words: [String]
  private let mark: String

  /// A command for a container.
  /// - Parameter behindEntryPoint: Whether the container's entry point comes before it.
  /// - Throws: `DrydockError.unavailable` where no engine answers.
  package init(
    _ words: [String], in container: String, behindEntryPoint: Bool = false, _ context: DrydockContext
  ) async throws {
    client = try await DockerAccess(environment: context.environment).connect()
    self.container = container
    let found =
      behindEntryPoint
      ? try await client.inspectContainer(container, until: .after(InstanceContainers.callLimit)) : nil
    self.words = (found?.entryPoint ?? []) + words
    mark = "\(Self.variable)=\(Secret.make())"
  }

  /// Runs it to its end.
  /// - Parameters:
  ///   - terminal: The terminal that it shall have; nil for none.
  ///   - signals: What it is sent, as it comes.
  ///   - input: What it reads.
  ///   - output: Takes what it writes, all of it where it has a terminal.
  ///   - error: Takes what one without a terminal writes to standard error.
  /// - Returns: Its exit code.
  package func run(
    terminal: ConsoleTerminal?, signals: AsyncStream<Int32>, input: @escaping ByteSource,
    output: @escaping ByteSink, error: @escaping ByteSink
  ) async throws -> Int {
    var config = DockerClient.ExecConfig(words)
    config.hasTerminal = terminal != nil
    config.environment = [mark] + (terminal.map { ["TERM=\($0.name)"] } ?? [])
    do {
      return try await passing(signals) { [config] in
        try await client.exec(
          config, in: container, patience: InstanceContainers.callLimit, sizes: terminal?.sizes,
          input: { stream in while let bytes = try await input() { try await stream.write(bytes) } }
        ) { chunk in try await (chunk.stream == .stdout ? output : error)(chunk.bytes) }
      }
    } catch let failure {
      // Nobody listens to it any more, and the engine would let it go on.
      await shieldedFromCancellation { await send(terminal == nil ? "TERM" : "HUP") }
      throw failure
    }
  }

  private func passing(
    _ signals: AsyncStream<Int32>, while body: @escaping @Sendable () async throws -> Int
  ) async throws -> Int {
    try await withThrowingTaskGroup(of: Int?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        for await signal in signals { await send("\(signal)") }
        return nil
      }
      defer { group.cancelAll() }
      while let ended = try await group.next() {
        if let ended { return ended }
      }
      throw CancellationError()
    }
  }

  /// Sends a signal to the command and to what it started in its process group; the engine's API has no way to.
  ///
  /// What bears the mark and has no parent in the container is the command itself.
  private func send(_ signal: String) async {
    let script = #"""
      for p in /proc/[0-9]*; do
        grep -qF "$0" "$p/environ" && read -r line <"$p/stat" || continue
        set -- ${line##*) }
        [ "$2" = 0 ] && [ "$3" != 1 ] && kill -s "$SIGNAL" -- "-$3"
      done 2>/dev/null
      true
      """#
    var config = DockerClient.ExecConfig(["sh", "-c", script, mark])
    config.environment = ["SIGNAL=\(signal)"]
    // An image without a shell has no way to be told.
    _ = try? await client.exec(config, in: container, until: .after(.seconds(10)))
  }
}
