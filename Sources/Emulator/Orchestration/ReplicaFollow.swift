import Engines
import HealthProbes
import MonotonicTime

/// A replica and its source, both as they run.
struct ReplicaPair: Sendable {
  let replica: Launch
  let source: Launch
  let link: ReplicaLink
  let replication: any Replication
  let runtime: any Runtime

  init?(replica: Launch, source: Launch, runtime: any Runtime) {
    guard let link = replica.request.replica, let replication = replica.replication else { return nil }
    self.replica = replica
    self.source = source
    self.link = link
    self.replication = replication
    self.runtime = runtime
  }

  private var replicaTarget: ProbeTarget { runtime.target(replica, administrator: true) }
  private var sourceTarget: ProbeTarget { runtime.target(source, administrator: true) }

  /// Makes the source ready for a new replica.
  func prepare(until deadline: Deadline) async throws {
    try await replication.prepareSource(sourceTarget, link, until: deadline)
  }

  /// Loads the copy into a new replica that could not be seeded before its start.
  func load(progress: ProgressSink, until deadline: Deadline) async throws {
    let place = runtime.place(of: replica)
    guard let script = replication.load(link, replica: replicaTarget, place) else { return }
    progress("copying the source")
    try await replication.configure(replicaTarget, link, until: deadline)
    try await runtime.run(script, for: replica, until: deadline)
  }

  /// What a wait for a replica ended with.
  enum Ending { case following, lost }

  /// Waits until the replica follows and has passed what its source had when this was called.
  ///
  /// One that is delayed or paused on purpose only has to be connected, where it can connect in that state.
  func follow(
    isHeldBack: Bool, isPaused: Bool, progress: ProgressSink, until deadline: Deadline
  ) async throws -> Ending {
    try await replication.follow(replicaTarget, link, isPaused: isPaused, until: deadline)
    let isExcused = isHeldBack && !replication.connectsWhileHeldBack
    let limit = isExcused ? deadline.capped(at: .seconds(5)) : deadline
    let goal = try await replication.position(sourceTarget, until: deadline)
    var pause = Backoff()
    while true {
      let status = try await replication.status(replicaTarget, source: sourceTarget, link, until: deadline)
      if status.isLost { return .lost }
      if status.isConnected {
        if isHeldBack { return .following }
        if try await replication.hasPassed(goal, replicaTarget, until: deadline) { return .following }
      }
      progress("waiting: \(describe(status))")
      do {
        try await pause.sleep(until: limit, "the replication")
      } catch is TimeoutError {
        if isExcused { return .following }
        throw EmulatorError(
          .notReady, "resource \(replica.spec.name) does not follow \(source.spec.name): \(describe(status))",
          suggestion: "its log: drydock logs \(replica.spec.name)")
      }
    }
  }

  /// Applies what the user wants of the replica's pace.
  func hold(delay: Int?, isPaused: Bool?, until deadline: Deadline) async throws {
    if let delay { try await replication.setDelay(delay, replicaTarget, until: deadline) }
    if let isPaused { try await replication.setPaused(isPaused, replicaTarget, until: deadline) }
  }

  /// Makes the replica independent; the source forgets it if it can be reached.
  /// - Returns: Whether the source could be told.
  func promote(until deadline: Deadline) async throws -> Bool {
    try await replication.promote(replicaTarget, until: deadline)
    do {
      try await replication.releaseSource(sourceTarget, link, until: deadline.capped(at: .seconds(10)))
      return true
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      return false
    }
  }

  /// Has the source forget the replica.
  func release(until deadline: Deadline) async throws {
    try await replication.releaseSource(sourceTarget, link, until: deadline)
  }

  /// How far the replica is.
  func status(until deadline: Deadline) async throws -> ReplicationStatus {
    do {
      return try await replication.status(replicaTarget, source: sourceTarget, link, until: deadline)
    } catch is ProbeFailure {
      return try await replication.status(replicaTarget, source: nil, link, until: deadline)
    }
  }

  private func describe(_ status: ReplicationStatus) -> String {
    if let problem = status.problem { return problem }
    guard status.isConnected else { return "not connected to its source" }
    return status.lag.map { "\($0) \(status.lagUnit) behind" } ?? "catching up"
  }
}
