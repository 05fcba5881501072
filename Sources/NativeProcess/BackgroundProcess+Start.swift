import DrydockBase
package import MonotonicTime
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// What others do with the program.
extension BackgroundProcess {
  /// Starts it in the background, in a session of its own, and waits until it has said who it is. One that runs is left
  /// as it is; of several starts at once, one starts it and the others see it run.
  /// - Parameters:
  ///   - spec: How it is run; its files are the program's.
  ///   - preparing: Called before it is started, where none runs.
  /// - Returns: The program, and whether this started it.
  /// - Throws: `DrydockError` with the exit code and the last lines of its log when it ended instead; `NativeProcessError`
  ///   where it could not be started; `TimeoutError`.
  package func start(
    _ spec: SupervisedSpec, by keeper: Keeper, until deadline: Deadline, preparing: () throws -> Void = {}
  ) async throws -> (process: Running, isNew: Bool) {
    try await alone(until: deadline) {
      if case .running(let process) = try await settled(until: deadline.capped(at: .seconds(5))) {
        return (process, false)
      }
      try preparing()
      // What an earlier start left behind that was killed.
      try refuseSuccessor()
      _ = try await NativeProcess.stop(files, steps: [])
      return try await running(try await keeper.start(spec, until: deadline), until: deadline)
    }
  }

  /// Starts it in the background as `start` does, and does not wait for its word: for work that nobody waits for. Where one
  /// runs, or is just being started, nothing is done.
  /// - Returns: Whether this started it.
  /// - Throws: `NativeProcessError` where it could not be started; `TimeoutError`, `CancellationError`.
  package func begin(_ spec: SupervisedSpec, by keeper: Keeper, until deadline: Deadline) async throws -> Bool
  {
    guard case .stopped = try look() else { return false }
    do {
      _ = try await keeper.start(spec, until: deadline)
      return true
    } catch let error as NativeProcessError where error.code == .alreadyRunning {
      return false
    }
  }

  /// Waits for its word, or its end.
  private func running(_ started: SupervisedProcess, until deadline: Deadline) async throws
    -> (process: Running, isNew: Bool)
  {
    var pause = Backoff()
    while true {
      let state = try look()
      if case .running(let process) = state { return (process, process.pid == started.processID) }
      // Where the lock is held all the same, another one came first, in the foreground of a terminal.
      if case .stopped = state, case .exited(let reason, _) = try inspect(files) { throw ended(reason) }
      try await pause.sleep(until: deadline, name)
    }
  }

  private func ended(_ reason: ExitReason) -> DrydockError {
    var code = DrydockError.Code.failed
    if case .code(let status) = reason { code = DrydockError.Code(rawValue: status) ?? code }
    return DrydockError(
      code, "\(name) ended at once; its log \(files.logFile) ends with",
      details: tail(logFile: files.logFile, lines: 5))
  }

  /// One start at a time: each would end what another began.
  private func alone<Value>(
    until deadline: Deadline, _ body: () async throws -> Value
  ) async throws -> Value {
    let path = files.folder + "/start.lock"
    let lock = try openLock(path)
    defer {
      _ = flockRetrying(lock, LOCK_UN)
      try? lock.close()
    }
    var pause = Backoff(limit: .milliseconds(50))
    while let error = flockRetrying(lock, LOCK_EX | LOCK_NB) {
      guard error == .wouldBlock else { throw NativeProcessError.noLocks(path) }
      try await pause.sleep(until: deadline, "another start of \(name)")
    }
    return try await body()
  }
}
