import Engines
import HealthProbes
import MonotonicTime

/// Brings one read replica to where the plan wants it: its source is ready by now.
struct ReplicaStep: Sendable {
  let step: ResourceStep
  let spec: ResourceSpec
  let engine: any ServerEngine
  let source: ServerSource

  /// Starts, or promotes, and proves.
  func run() async throws -> ServerReport {
    var isRebuilt = false
    while true {
      let pair = try await pair()
      if step.item.action == .promote { return try await promote(pair) }
      let isFresh = !pair.replica.hasVerifiedData
      if isFresh { try await pair.prepare(until: step.deadline) }
      try await restartIfSourceMoved(pair)
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
        throw EmulatorError(.failed, "resource \(spec.name) loses its source's log as soon as it is built")
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
      throw EmulatorError(.failed, "the source of \(spec.name) was deleted")
    }
    let origin = try Launch.existing(name, record, engine, state)
    let replica = await step.launch(spec, engine, source, following: origin)
    guard let pair = ReplicaPair(replica: replica, source: origin, runtime: step.runtime) else {
      throw EmulatorError(.internalFault, "\(spec.type) has no replicas")
    }
    return pair
  }

  /// A server that was started with its source's old port has to be started again.
  private func restartIfSourceMoved(_ pair: ReplicaPair) async throws {
    let record = await step.ledger.record(of: spec.name)
    guard step.item.action == .verify, let port = record?.sourcePort, port != pair.link.port else { return }
    try await step.runtime.stop(spec.name, steps: engine.stopSteps)
  }

  private func discard() async throws {
    try await step.runtime.stop(spec.name, steps: engine.stopSteps)
    try await step.runtime.deleteData(spec.name)
    try await step.ledger.forgetData(spec.name)
  }

  private func promote(_ pair: ReplicaPair) async throws -> ServerReport {
    _ = try await step.startAndProve(spec, engine, source)
    step.progress("promoting")
    if try await !pair.promote(until: step.deadline) {
      step.progress("its source could not be told; what it kept for this replica goes at its next start")
    }
    try await step.ledger.recordReplica(spec.name, source: nil, sourcePort: nil)
    return try await step.startAndProve(spec, engine, source, alreadyRuns: true)
  }
}
