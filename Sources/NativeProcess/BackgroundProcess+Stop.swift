package import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension BackgroundProcess {
  /// Ends it: in order, and by force where it has not ended after most of the time. Only a process that is known to be it
  /// gets a signal; one that was halted by a signal goes on first.
  /// - Returns: Whether one ran.
  /// - Throws: `NativeProcessError` with `.cannotStop` where it does not end, or nobody knows who it is.
  package func stop(until deadline: Deadline) async throws -> Bool {
    try refuseSuccessor()
    switch try await settled(until: deadline.capped(at: .seconds(1))) {
    case .stopped:
      // Its keeper may be about to start another one.
      return try await NativeProcess.stop(
        files, steps: [StopStep(signal: SIGTERM, patience: deadline.remaining / 2)]) != nil
    case .running(let process): try await end(process, until: deadline)
    case .starting:
      let steps = [
        StopStep(signal: SIGTERM, patience: .zero),
        StopStep(signal: SIGCONT, patience: deadline.remaining / 2),
      ]
      if try await NativeProcess.stop(files, steps: steps) == nil, case .starting = try look() {
        throw cannotStop("nobody says who holds the lock \(lockFile)")
      }
    }
    // Its keeper notes the end; whoever starts it next is not to meet what is left.
    _ = try await NativeProcess.stop(files, steps: [StopStep(signal: 0, patience: .seconds(5))])
    return true
  }

  /// Tells its keeper not to start it again. A record of somebody else's names no process of ours.
  func refuseSuccessor() throws {
    guard let keeper = try SupervisedLook(files)?.record?.keeper,
      ProcessTable.realUser(keeper.pid) == geteuid()
    else { return }
    // To a keeper that starts nothing again it is a stray signal.
    ProcessTable.signal(keeper.pid, SIGUSR1) {
      $0.start == keeper.start && $0.name.hasPrefix("drydock-keeper")
    }
  }

  private func end(_ process: Running, until deadline: Deadline) async throws {
    let patience = Deadline.after(deadline.remaining * 4 / 5)
    signal(process, SIGTERM)
    signal(process, SIGCONT)
    if try await isGone(process, by: patience) { return }
    signal(process, SIGKILL)
    // It cannot stay; on a busy machine it may take a moment to go.
    if try await isGone(process, by: max(deadline, .after(.seconds(10)))) { return }
    throw cannotStop("\(name) does not end")
  }

  private func signal(_ process: Running, _ number: Int32) {
    ProcessTable.signal(process.pid, number) { $0.start == process.process.start }
  }

  private func isGone(_ process: Running, by deadline: Deadline) async throws -> Bool {
    var pause = Backoff(limit: .milliseconds(50))
    while true {
      switch try look() {
      case .stopped: return true
      // Another one by now.
      case .running(let other) where other.process != process.process: return true
      case .running, .starting: if !process.process.isAlive { return true }
      }
      do { try await pause.sleep(until: deadline, name) } catch is TimeoutError { return false }
    }
  }

  private func cannotStop(_ message: String) -> NativeProcessError {
    let holders = ProcessTable.lockHolders(lockFile).map {
      "\($0) (\(ProcessTable.entry($0)?.name ?? "?"))"
    }
    return NativeProcessError(
      .cannotStop, message,
      suggestion: holders.isEmpty ? nil : "look at process \(holders.joined(separator: ", "))")
  }
}
