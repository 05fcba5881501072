import Engines
import Foundation
import HealthProbes
import MonotonicTime
import NativeProcess

/// Carries a plan out: every resource at the same time, each started, proved healthy and recorded.
///
/// It is an actor because the resources share the instance's state, which is written after every decision, so
/// that a drydock that is killed leaves nothing it would not find again.
actor Reconciler {
  private(set) var state: InstanceState
  private let store: StateStore
  private let runtime: any Runtime
  private let ports: PortAllocator
  private let options: UpOptions
  private let transport: [String: TransportSetup]
  private let progress: @Sendable (_ resource: String, _ phase: String) -> Void

  init(
    state: InstanceState, store: StateStore, runtime: any Runtime, options: UpOptions,
    transport: [String: TransportSetup] = [:],
    progress: @escaping @Sendable (String, String) -> Void
  ) {
    self.state = state
    self.store = store
    self.runtime = runtime
    self.options = options
    self.transport = transport
    self.progress = progress
    self.ports = PortAllocator(folder: store.home.ports)
  }

  /// Carries the plan out.
  /// - Returns: What became of each resource, in the plan's order.
  func carryOut(
    _ plan: Plan, specs: [String: ResourceSpec], sources: [String: ServerSource],
    observed: [String: Observation]
  ) async throws -> [ResourceOutcome] {
    try prepare(plan, specs)
    let starting = plan.items.count { $0.action == .start || $0.action == .create }
    if starting > 0 { try await runtime.prepareInstance() }
    let results = await withTaskGroup(of: (Int, Result<ResourceOutcome, any Error>).self) { group in
      for (index, item) in plan.items.enumerated() {
        let step = ResourceStep(
          item: item, spec: specs[item.resource], source: sources[item.resource],
          observed: observed[item.resource],
          runtime: runtime, home: store.home, deadline: options.deadline, startingTogether: starting,
          ledger: self,
          progress: { [progress] phase in progress(item.resource, phase) })
        group.addTask {
          do { return (index, .success(try await step.run())) } catch { return (index, .failure(error)) }
        }
      }
      var results: [Int: Result<ResourceOutcome, any Error>] = [:]
      for await (index, result) in group { results[index] = result }
      return results
    }
    return try collect(plan, results)
  }

  private func collect(
    _ plan: Plan, _ results: [Int: Result<ResourceOutcome, any Error>]
  ) throws -> [ResourceOutcome] {
    try Task.checkCancellation()
    var outcomes: [ResourceOutcome] = []
    var failures: [(String, EmulatorError)] = []
    for (index, item) in plan.items.enumerated() {
      switch results[index] {
      case .success(let outcome): outcomes.append(outcome)
      case .failure(let error):
        failures.append((item.resource, EmulatorError(error, resource: item.resource)))
      case nil: break
      }
    }
    if !failures.isEmpty { throw AggregateError(failures) }
    return outcomes
  }

  /// Decides ports and passwords of what is about to start, and writes them down before anything runs.
  private func prepare(_ plan: Plan, _ specs: [String: ResourceSpec]) throws {
    try Folder.make(ports.folder, mode: 0o700)
    state.runtime = plan.runtime
    for item in plan.items {
      guard let spec = specs[item.resource] else { continue }
      var record =
        state.resources[item.resource]
        ?? ResourceRecord(
          type: spec.type, administratorPassword: Secret.make(), wantedVersion: spec.version,
          options: spec.options)
      record.type = spec.type
      record.options = spec.options
      record.isRemoved = false
      record.externalURL = spec.externalURL
      // What runs is in doubt from here on until it is proved.
      if item.action != .verify { record.transport = nil }
      if spec.engine.server != nil, spec.externalURL == nil {
        record.port = try port(for: item.resource, record: record)
      }
      state.resources[item.resource] = record
    }
    try store.save(state)
  }

  private func port(for resource: String, record: ResourceRecord) throws -> Int {
    if let wanted = options.ports[resource] {
      if wanted == record.port { return wanted }
      try ports.reserve(exact: wanted, owner: owner(resource))
      if let old = record.port { try ports.release(old, owner: owner(resource)) }
      return wanted
    }
    if let port = record.port { return port }
    return try ports.reserve(seed: owner(resource), owner: owner(resource))
  }

  /// Who a port is reserved for: one listener.
  private func owner(_ resource: String) -> String { "\(state.id)/\(resource)" }

  // MARK: What the steps ask for and report

  /// The inputs of a resource's recipe as they stand now.
  func request(for resource: String, options: [String: String]) -> ServerRequest {
    let record = state.resources[resource]
    return ServerRequest(
      marker: state.marker(of: resource), port: record?.port ?? 0, password: state.resourcePassword,
      administratorPassword: record?.administratorPassword ?? "", options: options,
      security: transport[resource]?.security ?? record?.transport?.security)
  }

  /// Whether the resource's data once served a client.
  func hasVerifiedData(_ resource: String) -> Bool { state.resources[resource]?.dataVersion != nil }

  /// Gives the resource another port because something else has this one.
  /// - Throws: the error to show when the user asked for this very port.
  func movePort(of resource: String, from taken: PortTakenError) throws {
    guard options.ports[resource] == nil else {
      throw EmulatorError(
        .failed, "port \(taken.port) for \(resource) is taken by \(taken.owner ?? "another process")",
        suggestion: "stop it, or choose another: --port \(resource)=PORT")
    }
    let next = try ports.reserve(seed: owner(resource), owner: owner(resource), excluding: [taken.port])
    state.resources[resource]?.port = next
    try store.save(state)
    try ports.release(taken.port, owner: owner(resource))
  }

  /// Records what a resource turned out to be once it was proved healthy.
  func recordReady(_ resource: String, version: String, wanted: String, standIn: String?) throws {
    state.resources[resource]?.version = version
    state.resources[resource]?.wantedVersion = wanted
    state.resources[resource]?.standIn = standIn
    state.resources[resource]?.dataVersion = version
    state.resources[resource]?.transport = transport[resource]?.record
    try store.save(state)
  }

  /// Records that the manifest no longer names a resource.
  func recordRemoved(_ resource: String) throws {
    state.resources[resource]?.isRemoved = true
    try store.save(state)
  }

  /// The record of a resource.
  func record(of resource: String) -> ResourceRecord? { state.resources[resource] }
}
