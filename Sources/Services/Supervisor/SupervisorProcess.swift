package import AppState
package import DrydockBase
package import MonotonicTime
package import NativeProcess

/// The supervisor as a process: served in the foreground or in the background, found again, stopped.
package struct SupervisorProcess: Sendable {
  /// What the instance's services keep.
  package let folder: ServiceFolder
  let context: DrydockContext
  let id: String

  /// The supervisor of an instance.
  package init(context: DrydockContext, id: String) {
    self.context = context
    self.id = id
    folder = ServiceFolder(home: context.home, id: id)
  }

  /// The supervisor as one of drydock's programs.
  package var program: BackgroundProcess<SupervisorRecord> {
    BackgroundProcess(
      name: "the services' supervisor", lockFile: "\(folder.path)/supervising/lock",
      recordFile: "\(folder.path)/supervising/record.json",
      files: SupervisedFiles(folder: "\(folder.path)/supervisor"))
  }

  /// What speaks with it.
  package var client: ControlClient { ControlClient(folder) }

  /// What became of it, once whoever holds its lock has said so.
  func settled() async throws -> BackgroundProcess<SupervisorRecord>.State {
    guard Folder.exists("\(folder.path)/supervising") else { return .stopped }
    let deadline = Deadline.after(.seconds(5))
    var pause = Backoff(limit: .milliseconds(50))
    while true {
      let state = try await program.settled(until: deadline)
      // Between the end of one and its successor, only the keeper is there.
      guard case .stopped = state, !deadline.hasPassed, try isHeld(inspect(program.files)) else {
        return state
      }
      do { try await pause.sleep(until: deadline, program.name) } catch is TimeoutError { return state }
    }
  }

  private func isHeld(_ state: SupervisedState) -> Bool {
    switch state {
    case .running, .settling: true
    case .neverStarted, .exited: false
    }
  }

  /// Whether the one that was started last is not as far as to supervise: images are fetched and built, hooks run.
  package var isPreparing: Bool { program.lastDetails?.isPreparing ?? false }

  /// Whether one runs.
  package func isRunning() async throws -> Bool {
    if case .running = try await settled() { return true }
    return false
  }

  /// Waits until it listens.
  /// - Throws: `DrydockError` with the code and the last words of one that has ended; `TimeoutError`.
  package func waitUntilListening(until deadline: Deadline) async throws {
    var pause = Backoff(limit: .milliseconds(100))
    while try await client.ask(ControlRequest(.status), until: deadline) == nil {
      try await refuseEnded()
      try await pause.sleep(until: deadline, "the services' supervisor")
    }
  }

  /// - Throws: `DrydockError` where it has ended, with what it said last.
  package func refuseEnded() async throws {
    guard case .stopped = try await settled() else { return }
    let isOurs = program.lastDetails?.isDetached == true
    var code = DrydockError.Code.failed
    if isOurs, case .exited(.code(let status), _) = try await settledState(program.files) {
      code = DrydockError.Code(rawValue: status) ?? code
    }
    throw DrydockError(
      code, "the services' supervisor has ended",
      details: isOurs ? tail(logFile: program.files.logFile, lines: 25) : [])
  }
}

extension SupervisorProcess {
  /// What a command says that needs services which run.
  package static let notStarted = DrydockError(
    .failed, "the app's services are not started", suggestion: "start them: drydock start")

  /// How the hooks after the start went; nil as long as they have not ended.
  package func hooksAfterReady() async throws -> SupervisorRecord.HookResult? {
    guard case .running(let process) = try await settled() else { return nil }
    return process.details.afterReady
  }

  /// Notes numbers of replicas, so that they count from the next start on.
  package func remember(_ counts: [String: Int]) async throws {
    try await ServiceStore(folder).update { records in
      for (service, count) in counts { records.services[service, default: ServiceRecord()].count = count }
    }
  }
}
