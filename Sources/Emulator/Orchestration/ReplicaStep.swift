import AppState
import DrydockBase
import Engines
import HealthProbes
import MonotonicTime
import Planning
import Servers

/// Brings one read replica to where the plan wants it: its source is ready by now.
struct ReplicaStep: Sendable {
  var step: ResourceStep
  let spec: ResourceSpec
  let engine: any ServerEngine
  var source: ServerSource

  /// Starts, or promotes, and proves.
  mutating func run() async throws -> ServerReport {
    var isRebuilt = false
    while true {
      let pair = try await pair()
      if step.item.action == .promote { return try await promote(pair) }
      let isFresh = !pair.replica.hasVerifiedData
      if isFresh { try await pair.prepare(until: step.deadline) }
      if try await isOutdated(pair) {
        try await step.runtime.stop(spec.name, steps: engine.stopSteps)
        step.item.action = .start
        source = try await step.runtime.resolve(spec, data: step.observed?.dataVersion, strict: false)
      }
      var report = try await step.startAndProve(
        spec, engine, source, afterAdministrator: isFresh ? pair : nil)
      let record = await step.ledger.record(of: spec.name)
      let isHeldBack = (record?.delaySeconds ?? 0) > 0 || record?.isPaused == true
      switch try await pair.follow(
        isHeldBack: isHeldBack, isPaused: record?.isPaused == true, progress: step.progress,
        until: step.deadline)
      {
      case .following:
        try await hold(pair, record)
        try await step.ledger.recordReplica(spec.name, source: spec.source, sourcePort: pair.link.port)
        report.isReadOnly = true
        return report
      case .lost where !isRebuilt:
        isRebuilt = true
        step.progress("fell too far behind its source: it is built anew")
        try await discard()
      case .lost:
        throw DrydockError(.failed, "resource \(spec.name) loses its source's log as soon as it is built")
      }
    }
  }

  private func hold(_ pair: ReplicaPair, _ record: ResourceRecord?) async throws {
    guard step.item.action != .verify else { return }
    try await pair.hold(delay: record?.delaySeconds, isPaused: record?.isPaused, until: step.deadline)
  }

  private func pair() async throws -> ReplicaPair {
    let state = await step.ledger.state
    guard let name = spec.source ?? state.resources[spec.name]?.source, let record = state.resources[name]
    else {
      throw DrydockError(.failed, "the source of \(spec.name) was deleted")
    }
    let origin = Launch.existing(name, record, engine, state)
    let replica = await step.launch(spec, engine, source, following: origin)
    guard let pair = ReplicaPair(replica: replica, source: origin, runtime: step.runtime) else {
      throw DrydockError(.internalFault, "\(spec.type) has no replicas")
    }
    return pair
  }

  /// Whether a running server has to be started again: with its source's new port, or without the pause that it was
  /// started in.
  private func isOutdated(_ pair: ReplicaPair) async throws -> Bool {
    guard step.item.action == .verify, let record = await step.ledger.record(of: spec.name) else {
      return false
    }
    if let port = record.sourcePort, port != pair.link.port { return true }
    guard record.isPaused != true else { return false }
    return try await needsRestartToResume(pair)
  }

  /// Asks a server that may recover from a crash, and answers nobody until it is through. Where it never does, or has
  /// ended, the proof says so.
  private func needsRestartToResume(_ pair: ReplicaPair) async throws -> Bool {
    var pause = Backoff()
    while case .alive = try await step.runtime.liveness(spec.name) {
      do {
        return try await pair.needsRestartToResume(until: step.deadline)
      } catch let failure as ProbeFailure where failure.passes {
        step.progress("waiting: \(failure.summary)")
      }
      do { try await pause.sleep(until: step.deadline, spec.name) } catch is TimeoutError { return false }
    }
    return false
  }

  private func discard() async throws {
    try await step.runtime.stop(spec.name, steps: engine.stopSteps)
    try await step.runtime.deleteData(spec.name)
    try await step.ledger.forgetData(spec.name)
  }

  /// A replica that is held back first applies what its source has, or what it has received where that cannot be
  /// asked any more.
  private func promote(_ pair: ReplicaPair) async throws -> ServerReport {
    _ = try await step.startAndProve(spec, engine, source)
    let record = await step.ledger.record(of: spec.name)
    let goal = try await pair.goal(until: step.deadline)
    try await pair.letGo(
      towards: goal, wasDelayed: record?.delaySeconds != nil, wasPaused: record?.isPaused == true,
      until: step.deadline)
    if try await pair.needsRestartToResume(until: step.deadline) {
      try await step.runtime.stop(spec.name, steps: engine.stopSteps)
      _ = try await step.startAndProve(spec, engine, source)
    }
    if let goal,
      let obstacle = try await pair.catchUp(with: goal, progress: step.progress, until: step.deadline)
    {
      step.progress("promoted without what its source wrote last: \(obstacle)")
    }
    step.progress("promoting")
    if try await !pair.promote(until: step.deadline) {
      step.progress("its source could not be told; it limits what it keeps for this replica")
    }
    try await step.ledger.recordReplica(spec.name, source: nil, sourcePort: nil)
    return try await step.startAndProve(spec, engine, source, alreadyRuns: true)
  }
}

extension ProbeFailure {
  /// Whether a server that is left alone may answer later.
  fileprivate var passes: Bool {
    switch self {
    case .unreachable, .starting, .timedOut, .exhausted: true
    case .credentials, .missingDatabase, .unusableSettings, .wrongProtocol, .stranger, .unproved, .rejected:
      false
    }
  }
}
