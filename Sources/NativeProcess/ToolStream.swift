import ByteStreams
import DrydockBase
import MonotonicTime
import Subprocess
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a command ended whose input and output were streamed.
package struct ToolEnding: Sendable, Hashable {
  /// Its exit code; 128 and the signal's number for one that a signal ended.
  package let exitCode: Int
  /// What it wrote to standard error; of much, the last part.
  package let error: [UInt8]

  /// An ending.
  package init(exitCode: Int, error: [UInt8]) {
    self.exitCode = exitCode
    self.error = error
  }
}

extension Tool {
  /// Runs the command to its end while its input comes from somewhere and its output goes somewhere, each only as fast
  /// as the other side takes it.
  ///
  /// When the caller is cancelled, or `input` or `output` throws, it gets SIGTERM, then SIGKILL. An exit code other
  /// than 0 is no error here.
  /// - Parameters:
  ///   - input: gives the next bytes of its input, nil at the end; it has to heed cancellation, because it is
  ///     cancelled once the command has closed its output.
  ///   - output: takes the next bytes of its output.
  /// - Throws: what `input` or `output` threw; `NativeProcessError`; `CancellationError`.
  package func stream(
    input: (@Sendable () async throws -> [UInt8]?)?,
    output: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> ToolEnding {
    let session = SessionLeader()
    let state = StreamState()
    do {
      let ending = try await execute(session, input, output, state)
      await session.clear()
      try Task.checkCancellation()
      if let error = state.failure { throw error }
      return ending
    } catch {
      await session.clear()
      try Task.checkCancellation()
      throw error
    }
  }

  private func execute(
    _ session: SessionLeader, _ input: (@Sendable () async throws -> [UInt8]?)?,
    _ output: @escaping @Sendable ([UInt8]) async throws -> Void, _ state: StreamState
  ) async throws -> ToolEnding {
    try DescriptorLimit.requireCommand()
    let (incoming, outgoing, complaints) = (try SocketPair(), try SocketPair(), try SocketPair())
    // However much it warns of, its work goes on.
    let said = ByteTail(limit: 1 << 16)
    do {
      let result = try await Subprocess.run(
        configuration,
        input: .fileDescriptor(.init(rawValue: incoming.theirs), closeAfterSpawningProcess: true),
        output: .fileDescriptor(.init(rawValue: outgoing.theirs), closeAfterSpawningProcess: true),
        error: .fileDescriptor(.init(rawValue: complaints.theirs), closeAfterSpawningProcess: true)
      ) { execution in
        let leader = execution.processIdentifier.value
        session.set(leader)
        await withTaskGroup(of: Void.self) { group in
          // It throws where it is cancelled alone; what was said until then counts.
          group.addTask { while let bytes = try? await complaints.read() { said.append(bytes) } }
          await exchange(incoming, outgoing, input, output, state) { _ = kill(-leader, SIGTERM) }
        }
      }
      return ToolEnding(exitCode: result.terminationStatus.code, error: said.last)
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw translated(error)
    }
  }

  /// Moves bytes both ways until the command has closed its output.
  private func exchange(
    _ incoming: SocketPair, _ outgoing: SocketPair, _ input: (@Sendable () async throws -> [UInt8]?)?,
    _ output: @escaping @Sendable ([UInt8]) async throws -> Void, _ state: StreamState,
    end: @escaping @Sendable () -> Void
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          while let bytes = try await input?() {
            guard try await incoming.write(bytes) else { return }
          }
          incoming.finish()
        } catch {
          if state.fail(error) { end() }
        }
      }
      do {
        while let bytes = try await outgoing.read() { try await output(bytes) }
      } catch {
        if state.fail(error) { end() }
      }
      state.close()
      group.cancelAll()
    }
  }
}

/// What the two directions of a command's streams know of each other.
final class StreamState: Sendable {
  private let state = Mutex<(failure: (any Error)?, isClosed: Bool)>((nil, false))

  var failure: (any Error)? { state.withLock { $0.failure } }

  /// Notes a failure, the first one.
  /// - Returns: False once the output is closed: nobody wants the input of a command that has ended.
  func fail(_ error: any Error) -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.failure = state.failure ?? error
      return true
    }
  }

  /// Notes that the command has closed its output.
  func close() { state.withLock { $0.isClosed = true } }
}

extension TerminationStatus {
  /// As a shell gives it.
  var code: Int {
    switch self {
    case .exited(let code): Int(code)
    case .signaled(let signal): 128 + Int(signal)
    }
  }
}
