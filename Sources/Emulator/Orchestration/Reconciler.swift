import AppState
import ConvoxManifest
import DrydockBase
import Engines
import Essentials
import HealthProbes
import MonotonicTime
import NativeProcess
import Planning
import Servers

/// Carries a plan out: every resource at the same time, each started, proved healthy and recorded.
///
/// It is an actor because the resources share the instance's state, which is written after every decision, so
/// that a drydock that is killed leaves nothing it would not find again.
actor Reconciler {
  private(set) var state: InstanceState
  private let store: StateStore
  nonisolated let catalog: ResourceCatalog
  /// Saving waits for the disk, and takes no thread of the pool for that.
  private let executor = BlockingExecutor(label: "drydock.reconciler")
  private let runtime: any Runtime
  private let ports: PortAllocator
  private let isThrowAway: Bool
  private let options: UpOptions
  /// When to give up.
  private var deadline: Deadline
  private let transport: [String: TransportSetup]
  /// The ports that resources had before the user chose others for them.
  private var replacedPorts: [String: Int] = [:]
  /// The resources whose servers this command starts.
  private var started: Set<String> = []
  private let progress: @Sendable (_ resource: String, _ phase: String) -> Void
  private let done: @Sendable (ResourceOutcome) -> Void

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(
    state: InstanceState, context: DrydockContext, runtime: any Runtime, options: UpOptions,
    transport: [String: TransportSetup] = [:],
    progress: @escaping @Sendable (String, String) -> Void,
    done: @escaping @Sendable (ResourceOutcome) -> Void = { _ in }
  ) {
    self.state = state
    self.store = context.store
    self.catalog = context.catalog
    self.runtime = runtime
    self.options = options
    self.deadline = options.deadline
    self.transport = transport
    self.progress = progress
    self.done = done
    let home = context.home
    self.ports = PortAllocator(folder: home.ports, isStale: home.isGone(owner:))
    self.isThrowAway = context.throwAway != nil
  }

  /// Carries the plan out.
  /// - Returns: What became of each resource, in the plan's order.
  func carryOut(
    _ plan: Plan, specs: [String: ResourceSpec], sources: [String: ServerSource],
    observed: [String: Observation]
  ) async throws -> [ResourceOutcome] {
    let begin = SuspendingClock.now
    let fetched = await SourceFetch(runtime: runtime, isStrict: options.isStrict, progress: progress).run(
      SourceFetch.wanted(by: plan, specs, sources, observed))
    try Task.checkCancellation()
    // Nobody knows how long it takes to fetch something: the time that is given counts from its end.
    deadline = deadline.moved(by: SuspendingClock.now - begin)
    let sources = sources.merging(fetched.compactMapValues(\.success)) { $1 }
    let unfetched = Set(fetched.filter { if case .failure = $0.value { true } else { false } }.keys)
    try prepare(plan, specs, observed, without: unfetched)
    let starting = plan.items.count { $0.action.isStart && !unfetched.contains($0.resource) }
    if starting > 0 { try await runtime.prepareInstance() }
    var results: [Int: Result<ResourceOutcome, any Error>] = [:]
    for (index, item) in plan.items.enumerated() {
      if case .failure(let error) = fetched[item.resource] { results[index] = .failure(error) }
    }
    let order = PlanOrder(plan: plan, sources: state.resources.compactMapValues(\.source))
    for wave in try order.waves() {
      let open = wave.filter { index in
        guard results[index] == nil else { return false }
        let source = plan.items.firstIndex { $0.resource == plan.items[index].source }
        guard let source, case .failure = results[source] else { return true }
        results[index] = .failure(
          DrydockError(
            .failed,
            "resource \(plan.items[index].resource): its source \(plan.items[source].resource) failed"))
        return false
      }
      let indexed = open.map { ($0, plan.items[$0]) }
      results.merge(await carryOut(indexed, specs, sources, observed, starting)) { $1 }
    }
    return try collect(plan, results)
  }

  private func carryOut(
    _ items: [(Int, Plan.Item)], _ specs: [String: ResourceSpec], _ sources: [String: ServerSource],
    _ observed: [String: Observation], _ starting: Int
  ) async -> [Int: Result<ResourceOutcome, any Error>] {
    let steps = items.map { _, item in
      ResourceStep(
        item: item, spec: specs[item.resource], source: sources[item.resource],
        observed: observed[item.resource],
        runtime: runtime, home: store.home, deadline: deadline,
        startingTogether: min(starting, DescriptorLimit.width), ledger: self,
        progress: { [progress] phase in progress(item.resource, phase) })
    }
    let results = await concurrently(steps) { [done] step in
      let result = await Result.of { try await step.run() }
      if case .success(let outcome) = result { done(outcome) }
      return result
    }
    return Dictionary(zip(items.map(\.0), results)) { $1 }
  }

  private func collect(
    _ plan: Plan, _ results: [Int: Result<ResourceOutcome, any Error>]
  ) throws -> [ResourceOutcome] {
    try Task.checkCancellation()
    var outcomes: [ResourceOutcome] = []
    var failures: [(String, DrydockError)] = []
    for (index, item) in plan.items.enumerated() {
      switch results[index] {
      case .success(let outcome): outcomes.append(outcome)
      case .failure(let error):
        failures.append((item.resource, DrydockError(error, resource: item.resource)))
      case nil:
        failures.append(
          (item.resource, DrydockError(.internalFault, "resource \(item.resource): nothing became of it")))
      }
    }
    if !failures.isEmpty { throw AggregateError(failures) }
    return outcomes
  }

  /// Decides ports and passwords of what is about to start, and writes them down before anything runs.
  private func prepare(
    _ plan: Plan, _ specs: [String: ResourceSpec], _ observed: [String: Observation],
    without unfetched: Set<String>
  ) throws {
    try Folder.make(ports.folder, mode: 0o700)
    state.runtime = plan.runtime
    for item in plan.items {
      // What runs of it goes on as it is.
      if unfetched.contains(item.resource), state.resources[item.resource] != nil { continue }
      guard let spec = specs[item.resource] else { continue }
      var record =
        state.resources[item.resource]
        ?? ResourceRecord(
          type: spec.type, administratorPassword: Secret.make(), wantedVersion: spec.version,
          options: spec.options)
      record.container = containerName(of: item.resource) ?? record.container
      let storage = state.storage(of: item.resource)
      record.storageName = storage == item.resource ? nil : storage
      state.resources[item.resource] = record
      if let source = spec.source, record.dataVersion == nil { inherit(from: source, specs, &record) }
      record.begin(spec)
      // Data that somebody else removed is made as if it had never been.
      if item.action == .create { record.dataVersion = nil }
      if item.action.isStart {
        let isRunning = observed[item.resource]?.isRunning == true
        // What runs is in doubt from here on until it is proved. A first start that takes longer than this command waits
        // runs on as it is started now: the next one need not begin again.
        let isFirst = record.dataVersion == nil && record.source == nil && !isRunning
        let planned = transport[item.resource]?.record
        record.transport = isFirst || planned == record.transport ? planned : nil
        record.isRestarting = isRunning ? true : nil
        started.insert(item.resource)
      }
      if spec.engine.server != nil, spec.externalURL == nil {
        record.port = try port(for: item.resource, record: record)
      }
      state.resources[item.resource] = record
    }
    try store.save(state)
  }

  /// The name that is recorded, or is now: of a container that nobody has made yet.
  private func containerName(of resource: String) -> String? {
    guard runtime.kind == .docker, let name = state.containerName(of: resource) else { return nil }
    state.format = InstanceState.currentFormat
    return name
  }

  /// A replica has its source's accounts, drydock's administrator among them.
  private func inherit(from source: String, _ specs: [String: ResourceSpec], _ record: inout ResourceRecord) {
    if state.resources[source] == nil, let spec = specs[source] {
      var made = ResourceRecord(
        type: spec.type, administratorPassword: Secret.make(), wantedVersion: spec.version,
        options: spec.options)
      made.container = containerName(of: source)
      state.resources[source] = made
    }
    record.administratorPassword =
      state.resources[source]?.administratorPassword ?? record.administratorPassword
    record.source = source
    record.replicaPassword = record.replicaPassword ?? Secret.make()
  }

  private func port(for resource: String, record: ResourceRecord) throws -> Int {
    if let wanted = options.ports[resource] {
      if wanted == record.port { return wanted }
      try refuseReserved(wanted, resource)
      try ports.reserve(exact: wanted, owner: owner(resource))
      if let old = record.port {
        replacedPorts[resource] = old
        try ports.release(old, owner: owner(resource))
      }
      return wanted
    }
    if let port = record.port { return port }
    return try ports.reserve(seed: owner(resource), owner: owner(resource))
  }

  /// Names the app whose port it is; of apps that are not known the reservation itself tells.
  private func refuseReserved(_ port: Int, _ resource: String) throws {
    guard runtime.kind == .docker || port >= HostPort.firstUnprivileged else {
      throw DrydockError(
        .usage, "port \(port) is the system's own, and native servers do not run as root",
        suggestion: "choose one from \(HostPort.firstUnprivileged) on: --port \(resource)=PORT")
    }
    guard let parts = ports.owner(of: port)?.splitExactly(at: "/"), parts.count == 2,
      let holder = try? store.load(parts[0])
    else { return }
    throw DrydockError(
      .failed, "port \(port) is reserved for \(parts[1]) of \(holder.handle)",
      suggestion: "choose another by --port")
  }

  /// Who a port is reserved for: one listener.
  private func owner(_ resource: String) -> String { "\(state.id)/\(state.storage(of: resource))" }

  // MARK: What the steps ask for and report

  /// The inputs of a resource's recipe as they stand now.
  func request(for resource: String, options: [String: String]) -> ServerRequest {
    let record = state.resources[resource]
    var request = ServerRequest(
      marker: state.marker(of: resource), port: record?.port ?? 0, password: state.resourcePassword,
      administratorPassword: record?.administratorPassword ?? "", options: options,
      security: transport[resource]?.security ?? record?.transport?.security)
    request.isThrowAway = isThrowAway
    return request
  }

  /// Gives the resource another port because something else has this one.
  /// - Throws: the error to show when the user asked for this very port.
  func movePort(of resource: String, from taken: PortTakenError) throws {
    guard options.ports[resource] == nil else {
      try restorePort(of: resource, instead: taken.port)
      throw DrydockError(
        .failed, "port \(taken.port) for \(resource) is taken by \(taken.owner ?? "another process")",
        suggestion: "stop it, or choose another: --port \(resource)=PORT")
    }
    let next = try ports.reserve(seed: owner(resource), owner: owner(resource), excluding: [taken.port])
    state.resources[resource]?.port = next
    try store.save(state)
    try ports.release(taken.port, owner: owner(resource))
  }

  /// Gives up a chosen port that could not be had: the resource keeps the one that it had, if it had one.
  private func restorePort(of resource: String, instead taken: Int) throws {
    try ports.release(taken, owner: owner(resource))
    let former = replacedPorts.removeValue(forKey: resource)
    // Who has taken it meanwhile keeps it: the next start then finds it taken, and takes another.
    if let former { try? ports.reserve(exact: former, owner: owner(resource)) }
    state.resources[resource]?.port = former
    try store.save(state)
  }

  /// Records what is about to run a resource, so that a later command knows even if this one is killed.
  func recordSource(_ resource: String, version: String?, standIn: String?) throws {
    state.resources[resource]?.version = version
    state.resources[resource]?.standIn = standIn
    try store.save(state)
  }

  /// Records what a resource turned out to be once it was proved healthy.
  func recordReady(
    _ resource: String, version: String, wanted: String, standIn: String?, options: [String: String],
    confinement: Int?, accepted: [String: String] = [:]
  ) throws {
    state.resources[resource]?.options = options
    state.resources[resource]?.confinement = confinement
    state.resources[resource]?.acceptedOptions = accepted.isEmpty ? nil : accepted
    state.resources[resource]?.version = version
    state.resources[resource]?.wantedVersion = wanted
    state.resources[resource]?.standIn = standIn
    state.resources[resource]?.dataVersion = version
    state.resources[resource]?.isRestarting = nil
    if started.contains(resource) { state.resources[resource]?.transport = transport[resource]?.record }
    try store.save(state)
  }

  /// Records the options of a resource that is no server of ours.
  func recordOptions(_ resource: String, _ options: [String: String]) throws {
    state.resources[resource]?.options = options
    try store.save(state)
  }

  /// Records what a replica follows; nil once it is independent.
  func recordReplica(_ resource: String, source: String?, sourcePort: Int?) throws {
    state.resources[resource]?.source = source
    state.resources[resource]?.sourcePort = sourcePort
    if source == nil {
      state.resources[resource]?.delaySeconds = nil
      state.resources[resource]?.isPaused = nil
    }
    try store.save(state)
  }

  /// Records that a resource has no data any more.
  func forgetData(_ resource: String) throws {
    state.resources[resource]?.dataVersion = nil
    state.resources[resource]?.confinement = nil
    try store.save(state)
  }

  /// Records that the manifest no longer names a resource.
  func recordRemoved(_ resource: String) throws {
    state.resources[resource]?.isRemoved = true
    try store.save(state)
  }
}
