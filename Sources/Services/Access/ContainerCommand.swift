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
  private let command: MarkedCommand
  private let words: [String]
  private let guardian: ControlClient?

  /// A command for a container.
  /// - Parameters:
  ///   - behindEntryPoint: Whether the container's entry point comes before it.
  ///   - guardian: The supervisor that ends it where this process is killed; nil for a container that ends by itself then.
  /// - Throws: `DrydockError.unavailable` where no engine answers.
  package init(
    _ words: [String], in container: String, behindEntryPoint: Bool = false, guardian: ControlClient?,
    _ context: DrydockContext
  ) async throws {
    client = try await DockerAccess(environment: context.environment).connect()
    self.guardian = guardian
    let found =
      behindEntryPoint
      ? try await client.inspectContainer(container, until: .after(InstanceContainers.callLimit)) : nil
    self.words = (found?.entryPoint ?? []) + words
    command = MarkedCommand(container: container, mark: "\(Self.variable)=\(Secret.make())")
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
    config.environment = [command.mark] + (terminal.map { ["TERM=\($0.name)"] } ?? [])
    var command = command
    command.hasTerminal = terminal != nil
    guard let guardian else {
      return try await run(command, config, terminal, signals, input, output, error)
    }
    return try await guardian.guarding(command) { [command, config] in
      try await run(command, config, terminal, signals, input, output, error)
    }
  }

  private func run(
    _ command: MarkedCommand, _ config: DockerClient.ExecConfig, _ terminal: ConsoleTerminal?,
    _ signals: AsyncStream<Int32>, _ input: @escaping ByteSource, _ output: @escaping ByteSink,
    _ error: @escaping ByteSink
  ) async throws -> Int {
    do {
      return try await passing(signals) { [config] in
        try await client.exec(
          config, in: command.container, patience: InstanceContainers.callLimit, sizes: terminal?.sizes,
          input: { stream in while let bytes = try await input() { try await stream.write(bytes) } }
        ) { chunk in try await (chunk.stream == .stdout ? output : error)(chunk.bytes) }
      }
    } catch let failure {
      // Nobody listens to it any more, and the engine would let it go on.
      _ = await shieldedFromCancellation { await command.send(command.farewell, client) }
      throw failure
    }
  }

  private func passing(
    _ signals: AsyncStream<Int32>, while body: @escaping @Sendable () async throws -> Int
  ) async throws -> Int {
    try await withThrowingTaskGroup(of: Int?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        for await signal in signals { await command.send("\(signal)", client) }
        return nil
      }
      defer { group.cancelAll() }
      while let ended = try await group.next() {
        if let ended { return ended }
      }
      throw CancellationError()
    }
  }
}

/// A command in a container that can be found there by a variable which no other has.
package struct MarkedCommand: Sendable, Hashable, Codable {
  /// The container's id.
  var container: String
  /// The variable and its value.
  var mark: String
  /// Whether it has a terminal.
  var hasTerminal = false

  /// What a terminal or a shell sends that goes away.
  var farewell: String { hasTerminal ? "HUP" : "TERM" }

  /// Ends it, as nobody listens to it any more.
  func end(_ context: DrydockContext) async {
    guard let client = try? await DockerAccess(environment: context.environment).connect() else { return }
    // It may have been about to begin.
    var pause = Backoff(first: .milliseconds(100), limit: .seconds(1))
    let deadline = Deadline.after(.seconds(5))
    while await !send(farewell, client) {
      do { try await pause.sleep(until: deadline, "a command") } catch { return }
    }
    let patience = Deadline.after(.seconds(10))
    while await send("0", client) {
      do { try await pause.sleep(until: patience, "a command's end") } catch { break }
    }
    await send("KILL", client)
  }

  /// Sends a signal to the command and to what it started in its process group; the engine's API has no way to.
  ///
  /// What bears the mark and has no parent in the container is the command itself.
  /// - Returns: Whether it was there.
  @discardableResult
  func send(_ signal: String, _ client: DockerClient) async -> Bool {
    let script = #"""
      found=1
      for p in /proc/[0-9]*; do
        grep -qF "$0" "$p/environ" && read -r line <"$p/stat" || continue
        set -- ${line##*) }
        [ "$2" = 0 ] && [ "$3" != 1 ] && kill -s "$SIGNAL" -- "-$3" && found=0
      done 2>/dev/null
      exit $found
      """#
    var config = DockerClient.ExecConfig(["sh", "-c", script, mark])
    config.environment = ["SIGNAL=\(signal)"]
    // An image without a shell has no way to be told.
    let result = try? await client.exec(config, in: container, until: .after(.seconds(10)))
    return result?.exitCode == 0
  }
}
