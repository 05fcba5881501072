import DrydockBase
package import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Waits until a program has ended and its keeper has said how. Where the system has descriptors of processes nothing is
/// polled meanwhile.
/// - Returns: How it ended; nil where nothing was ever started.
/// - Throws: `TimeoutError`, `CancellationError`, `NativeProcessError` as `inspect`.
package func waitForEnd(
  of files: SupervisedFiles, until deadline: Deadline = .never
) async throws -> ExitReason? {
  var pause = Backoff(limit: .milliseconds(100))
  while true {
    switch try inspect(files) {
    case .neverStarted: return nil
    case .exited(let reason, _): return reason
    // A start, or the end of what a program left: moments.
    case .settling: try await pause.sleep(until: deadline, "the end of \(files.folder)")
    case .running: try await waitForEndOfRecorded(in: files, until: deadline)
    }
  }
}

/// The keeper first, which ends after the program; it may have been killed.
private func waitForEndOfRecorded(in files: SupervisedFiles, until deadline: Deadline) async throws {
  guard let record = try SupervisedLook(files)?.record else { return }
  let awaited = record.keeper.isAlive ? record.keeper : record.process
  try await awaited.waitForEnd(until: deadline, "the end of \(files.folder)")
}

extension ProcessIdentity {
  /// Waits until that very process has ended; at once where it has.
  func waitForEnd(until deadline: Deadline, _ subject: @autoclosure () -> String) async throws {
    guard let reference = ProcessReference(pid), isAlive else { return }
    if try await reference.waitForEnd(until: deadline, subject()) { return }
    var pause = Backoff(limit: .milliseconds(100))
    while isAlive { try await pause.sleep(until: deadline, subject()) }
  }
}

extension ProcessReference {
  /// Waits until the process has ended, its children's parent or not.
  /// - Returns: Whether that could be waited for: false where the system has no descriptors of processes.
  func waitForEnd(until deadline: Deadline, _ subject: @autoclosure () -> String) async throws -> Bool {
    guard descriptor >= 0 else { return false }
    try await waitUntilReady(descriptor, for: .read, until: deadline, subject())
    return true
  }
}
