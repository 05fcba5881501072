package import AppState
import ConvoxManifest
import DrydockBase
import Engines
package import MonotonicTime
import Planning
import Servers

/// `replica`: how fast a read replica applies what its source writes.
package struct ReplicaOperation: Sendable {
  private let context: DrydockContext

  /// Operations on replicas.
  package init(context: DrydockContext) {
    self.context = context
  }

  /// Delays what a replica applies by a number of seconds, kept over restarts; 0 for not at all.
  package func setDelay(
    _ seconds: Int, of name: String, in instance: InstanceState, until deadline: Deadline
  ) async throws {
    try await change(name, instance, deadline) { record in
      record.delaySeconds = seconds == 0 ? nil : seconds
    } apply: { pair in
      try await pair.hold(delay: seconds, isPaused: nil, until: deadline)
    }
  }

  /// Stops or goes on applying, kept over restarts.
  package func setPaused(
    _ paused: Bool, of name: String, in instance: InstanceState, until deadline: Deadline
  ) async throws {
    try await change(name, instance, deadline) { record in
      record.isPaused = paused ? true : nil
    } apply: { pair in
      try await pair.hold(delay: nil, isPaused: paused, until: deadline)
      if !paused { try await restartIfNeeded(pair, deadline) }
    }
  }

  /// A replica that was started in its pause may have to be started again to go on.
  private func restartIfNeeded(_ pair: ReplicaPair, _ deadline: Deadline) async throws {
    guard try await pair.needsRestartToResume(until: deadline) else { return }
    try await pair.runtime.restart(pair.replica, until: deadline)
    let proof = ReadinessProof(
      launch: pair.replica, runtime: pair.runtime, isFresh: false, startingTogether: 1, pair: nil,
      progress: { _ in })
    _ = try await proof.run(until: deadline)
  }

  private func change(
    _ name: String, _ instance: InstanceState, _ deadline: Deadline,
    record change: (inout ResourceRecord) -> Void, apply: (ReplicaPair) async throws -> Void
  ) async throws {
    let held = try await context.store.hold(instance.id, called: instance.handle, until: deadline)
    defer { _ = held }
    var state = held.state
    guard var record = state.resources[name] else {
      throw UnknownName.error("resource", name, known: state.resources.keys.sorted())
    }
    guard let kind = state.runtime, record.source != nil else {
      throw DrydockError(.failed, "resource \(name) is no read replica", suggestion: replicas(state))
    }
    let runtime = try await RuntimeAccess(context: context, state: state).runtime(kind)
    guard try await runtime.observe([name])[name]?.isRunning == true else {
      throw DrydockError(
        .failed, "resource \(name) is not running", suggestion: "start it: drydock up \(name)")
    }
    guard let pair = ReplicaPair(name, state, runtime, in: context.catalog) else { return }
    do {
      try await apply(pair)
    } catch {
      throw DrydockError(error, resource: name)
    }
    change(&record)
    state.resources[name] = record
    try await context.store.saveOffThePool(state)
  }

  private func replicas(_ state: InstanceState) -> String {
    let names = state.resources.filter { $0.value.source != nil }.keys.sorted()
    return names.isEmpty ? "there is no read replica" : "replicas: \(names.joined(separator: ", "))"
  }
}

extension ReplicaPair {
  /// A replica and its source as the state knows them; nil for a resource that is no replica.
  init?(_ name: String, _ state: InstanceState, _ runtime: any Runtime, in catalog: ResourceCatalog) {
    guard let record = state.resources[name], let origin = record.source,
      let source = state.resources[origin],
      let engine = catalog.server(record.type)
    else { return nil }
    var replica = Launch.existing(name, record, engine, state)
    let sourceLaunch = Launch.existing(origin, source, engine, state)
    let address = runtime.peerAddress(of: sourceLaunch)
    replica.request.replica = ReplicaLink(
      host: address.host, port: address.port, name: state.replicaName(of: name),
      administratorPassword: source.administratorPassword, password: record.replicaPassword ?? "")
    self.init(replica: replica, source: sourceLaunch, runtime: runtime)
  }
}
