import DrydockBase
import Engines
import HealthProbes
import MonotonicTime
import Planning
import Servers

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
    try runtime.requireListener(source)
    try await replication.prepareSource(sourceTarget, link, until: deadline)
  }

  /// Loads the copy into a new replica that could not be seeded before its start.
  func load(progress: ProgressSink, until deadline: Deadline) async throws {
    let place = runtime.place(of: replica)
    guard let script = replication.load(link, replica: replicaTarget, place) else { return }
    progress("copying the source")
    try await replication.configure(replicaTarget, link, until: deadline)
    try runtime.requireListener(source)
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
    var last: ReplicationStatus?
    do {
      while true {
        let status = try await replication.status(replicaTarget, source: sourceTarget, link, until: deadline)
        last = status
        if status.isLost { return .lost }
        if isExcused, !status.isApplying { return .following }
        if status.isConnected {
          if isHeldBack { return .following }
          if try await replication.hasPassed(goal, replicaTarget, until: deadline) { return .following }
        }
        progress("waiting: \(describe(status))")
        try await pause.sleep(until: limit, "the replication")
      }
    } catch let error where error is TimeoutError || (error is ProbeFailure && deadline.hasPassed) {
      if isExcused { return .following }
      throw DrydockError(
        .notReady,
        "resource \(replica.spec.name) does not follow \(source.spec.name): \(last.map(describe) ?? "\(error)")",
        suggestion: "its log: drydock logs \(replica.spec.name); more time: --timeout SECONDS")
    }
  }

  /// Applies what the user wants of the replica's pace.
  func hold(delay: Int?, isPaused: Bool?, until deadline: Deadline) async throws {
    if let delay { try await replication.setDelay(delay, replicaTarget, until: deadline) }
    if let isPaused { try await replication.setPaused(isPaused, replicaTarget, until: deadline) }
  }

  /// Whether the replica has to be started again before it applies what comes.
  func needsRestartToResume(until deadline: Deadline) async throws -> Bool {
    try await replication.needsRestartToResume(replicaTarget, until: deadline)
  }

  /// The source's position; nil where the source cannot be asked.
  func goal(until deadline: Deadline) async throws -> String? {
    do {
      return try await replication.position(sourceTarget, until: deadline.capped(at: .seconds(5)))
    } catch is ProbeFailure {
      return nil
    }
  }

  /// Lets go of a replica that is about to be promoted: it applies what comes, or what it has received where nothing
  /// comes any more.
  func letGo(towards goal: String?, wasDelayed: Bool, wasPaused: Bool, until deadline: Deadline) async throws
  {
    guard goal != nil else { return try await replication.applyReceived(replicaTarget, until: deadline) }
    try await hold(delay: wasDelayed ? 0 : nil, isPaused: wasPaused ? false : nil, until: deadline)
    try await replication.follow(replicaTarget, link, isPaused: false, until: deadline)
  }

  /// Waits until the replica has applied everything up to a position of its source.
  /// - Returns: What keeps it from that; nil once it has.
  func catchUp(with goal: String, progress: ProgressSink, until deadline: Deadline) async throws -> String? {
    let patience = deadline.capped(at: .seconds(10))
    var pause = Backoff()
    while try await !replication.hasPassed(goal, replicaTarget, until: deadline) {
      let status = try await status(until: deadline)
      let isStuck = !status.isConnected || status.problem != nil
      if status.isLost || (isStuck && patience.hasPassed) { return describe(status) }
      progress("catching up: \(describe(status))")
      try await pause.sleep(until: deadline, "the replica to catch up with its source")
    }
    return nil
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
