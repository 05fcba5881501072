import Logging
import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One step of a stop: a signal, and how long to wait for its effect.
package struct StopStep: Sendable, Hashable {
  /// The signal's number, for example `SIGTERM`.
  package let signal: Int32
  /// How long to wait before the next step.
  package let patience: Duration

  /// A signal and the time that the program has to heed it.
  package init(signal: Int32, patience: Duration) {
    self.signal = signal
    self.patience = patience
  }
}

/// Stops a program by an ordered list of steps; a kill always is the last.
///
/// Each step signals the program itself, after making sure that the process of that number is the one on record.
/// After the steps whatever still holds the lock, and the whole session of the program, is killed. A cancelled
/// caller gets its result only once the program has ended.
/// - Returns: how the program ended; nil when nothing ran.
/// - Throws: `NativeProcessError` with `.cannotStop`, `.locksUnsupported` or `.fileUnusable`.
package func stop(_ files: SupervisedFiles, steps: [StopStep]) async throws -> ExitReason? {
  try await shieldedFromCancellation { try await SupervisedStop(files: files).run(steps) }
}

private struct SupervisedStop: Sendable {
  let files: SupervisedFiles

  func run(_ steps: [StopStep]) async throws -> ExitReason? {
    guard try isOccupied else { return nil }
    for step in steps + [StopStep(signal: SIGKILL, patience: .seconds(5))] {
      guard try await isSettled() else { break }
      try SupervisedLook(files)?.signal(step.signal)
      if try await isFree(within: step.patience) {
        logger.debug("ended", metadata: ["files": "\(files.folder)", "signal": "\(step.signal)"])
        return try reason
      }
      logger.debug(
        "runs on after a signal",
        metadata: ["files": "\(files.folder)", "signal": "\(step.signal)", "patience": "\(step.patience)"])
    }
    try SupervisedLook(files)?.killRest(lock: files.lockFile)
    guard try await isFree(within: .seconds(5)) else { throw outlived }
    return try reason
  }

  private var isOccupied: Bool { get throws { try SupervisedLook(files)?.isOccupied == true } }

  /// Waits a moment for a start that is under way to say who it started. False when nobody can be signalled: what
  /// is left then are children of a program that has ended.
  private func isSettled() async throws -> Bool { try await settledState(files) != .settling }

  private func isFree(within patience: Duration) async throws -> Bool {
    let deadline = Deadline.after(patience)
    var pause = Backoff(limit: .milliseconds(50))
    while try isOccupied {
      guard !deadline.hasPassed else { return false }
      try? await pause.sleep(until: deadline, "its end")
    }
    return true
  }

  private var reason: ExitReason { get throws { try SupervisedLook(files)?.record?.reason ?? .unknown } }

  private var outlived: NativeProcessError {
    let holders = ProcessTable.lockHolders(files.lockFile).map {
      "\($0) (\(ProcessTable.entry($0)?.name ?? "?"))"
    }
    return NativeProcessError(
      .cannotStop, "the \(files.kind.rawValue) in \(files.folder) does not end",
      suggestion: holders.isEmpty ? nil : "look at process \(holders.joined(separator: ", "))")
  }
}

/// The state once a start that is under way has said who it started, or the keeper of a program that has ended how
/// it ended: either takes moments. `.settling` when nobody said so within a second.
/// - Throws: `NativeProcessError` as `inspect`, `CancellationError`.
package func settledState(_ files: SupervisedFiles) async throws -> SupervisedState {
  let deadline = Deadline.after(.seconds(1))
  var pause = Backoff(limit: .milliseconds(20))
  var state = try inspect(files)
  while state == .settling {
    do {
      try await pause.sleep(until: deadline, "a start")
    } catch is TimeoutError {
      return state
    }
    state = try inspect(files)
  }
  return state
}
