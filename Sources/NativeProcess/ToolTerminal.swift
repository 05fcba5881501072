package import DrydockBase
import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Tool {
  /// Runs the command on a terminal of its own until it ends.
  ///
  /// The end of `input` is typed as Ctrl-D. When the caller is cancelled, or `input` or `output` throws, the command is
  /// ended.
  /// - Parameters:
  ///   - sizes: the terminal's sizes, the first one now and one for each change.
  ///   - input: what is typed; nil at the end.
  ///   - output: takes what appears on the terminal.
  /// - Returns: The exit code; 128 and the signal's number for one that a signal ended.
  package func onTerminal(
    sizes: AsyncStream<TerminalSize>,
    input: @escaping @Sendable () async throws -> [UInt8]?,
    output: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> Int {
    try DescriptorLimit.requireCommand()
    let (session, state, terminal) = (SessionLeader(), StreamState(), try PseudoTerminal())
    // A program that asks at once gets the size, not nothing.
    for await size in sizes {
      terminal.resize(to: size)
      break
    }
    do {
      let code = try await execute(on: terminal, session, state, sizes, input, output)
      await session.clear()
      try Task.checkCancellation()
      if let error = state.failure { throw error }
      return code
    } catch {
      await session.clear()
      try Task.checkCancellation()
      throw error
    }
  }

  /// A shell opens the terminal once, which makes it the session's own, so that Ctrl-C is a signal, and then becomes
  /// the command.
  private var onItsTerminal: (PseudoTerminal) -> Configuration {
    return { terminal in
      var shell = self
      shell.arguments = ["-c", ": <\"$0\"; exec \"$@\"", terminal.path, executable] + arguments
      shell.executable = "/bin/sh"
      return shell.configuration
    }
  }

  private func execute(
    on terminal: PseudoTerminal, _ session: SessionLeader, _ state: StreamState,
    _ sizes: AsyncStream<TerminalSize>,
    _ input: @escaping @Sendable () async throws -> [UInt8]?,
    _ output: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> Int {
    let ends = terminal.sides(3)
    do {
      let result = try await Subprocess.run(
        onItsTerminal(terminal), input: .fileDescriptor(ends[0], closeAfterSpawningProcess: true),
        output: .fileDescriptor(ends[1], closeAfterSpawningProcess: true),
        error: .fileDescriptor(ends[2], closeAfterSpawningProcess: true)
      ) { execution in
        let leader = execution.processIdentifier.value
        session.set(leader)
        await converse(terminal, sizes, input, output, state) { _ = kill(-leader, SIGHUP) }
      }
      return result.terminationStatus.code
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw translated(error)
    }
  }

  private func converse(
    _ terminal: PseudoTerminal, _ sizes: AsyncStream<TerminalSize>,
    _ input: @escaping @Sendable () async throws -> [UInt8]?,
    _ output: @escaping @Sendable ([UInt8]) async throws -> Void, _ state: StreamState,
    end: @escaping @Sendable () -> Void
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for await size in sizes { terminal.resize(to: size) }
      }
      group.addTask {
        do {
          while let bytes = try await input() {
            guard try await terminal.write(bytes) else { return }
          }
          _ = try await terminal.write([0x04])
        } catch {
          if state.fail(error) { end() }
        }
      }
      do {
        while let bytes = try await terminal.read() { try await output(bytes) }
      } catch {
        if state.fail(error) { end() }
      }
      state.close()
      group.cancelAll()
    }
  }
}
