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

/// A command of the caller's that runs beside this process, on its terminal and standard descriptors, and does not outlive
/// it: `drydock-keeper --escort` stands between both.
package struct Escort: Sendable {
  private let keeper: Keeper
  private let command: ProcessReplacement

  /// A command, described as what could take this process's place.
  package init(keeper: Keeper, command: ProcessReplacement) {
    self.keeper = keeper
    self.command = command
  }

  /// Runs it to its end. A caller that is cancelled hands `signal` on to it, and waits all the same.
  /// - Parameter signal: The signal by which the caller was told to end, asked for at that moment.
  /// - Returns: Its status as a shell tells it: 128 and the signal's number where a signal ended it.
  /// - Throws: `NativeProcessError`.
  package func run(signal: @escaping @Sendable () -> Int32) async throws -> Int32 {
    let leash = try Leash.toThisProcess()
    let limit = DescriptorLimit.ofCaller.map { ["--files", "\($0)", keeper.executable] } ?? []
    let escort = ["--escort", "\(leash.process.pid)", "\(leash.process.start)"]
    // It stays in the caller's folder, and in the caller's group, which is the terminal's.
    let configuration = Configuration(
      executable: .path(FilePath(keeper.executable)), arguments: Arguments(limit + escort + command.words),
      environment: .custom(
        command.environment(from: ProcessReplacement.own).map { $0.map { UInt8(bitPattern: $0) } }))
    let running = RunningEscort()
    return try await withTaskCancellationHandler {
      try await shieldedFromCancellation { try await execute(configuration, running) }
    } onCancel: {
      running.hand(on: signal())
    }
  }

  private func execute(_ configuration: Configuration, _ running: RunningEscort) async throws -> Int32 {
    try DescriptorLimit.requireCommand()
    do {
      let result = try await Subprocess.run(
        configuration, input: .fileDescriptor(.standardInput, closeAfterSpawningProcess: false),
        output: .fileDescriptor(.standardOutput, closeAfterSpawningProcess: false),
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
      ) { execution in running.began(execution.processIdentifier.value) }
      running.ended()
      return Int32(result.terminationStatus.code)
    } catch let error as SubprocessError {
      throw NativeProcessError(.keeperFailed, "cannot run \(keeper.executable): \(error)")
    }
  }
}

/// The process of an escort while it runs, for signals that may come before it does.
private final class RunningEscort: Sendable {
  private let state = Mutex<(pid: Int32?, missed: Int32?)>((nil, nil))

  func began(_ pid: Int32) {
    state.withLock {
      $0.pid = pid
      if let missed = $0.missed { _ = kill(pid, missed) }
    }
  }

  func ended() { state.withLock { $0.pid = nil } }

  func hand(on signal: Int32) {
    state.withLock {
      if let pid = $0.pid { _ = kill(pid, signal) } else { $0.missed = signal }
    }
  }
}
