package import AppState
import DrydockBase
package import Engines
package import Essentials
import HealthProbes
import MonotonicTime
import Planning
import Resources
package import Servers

/// One resource in `ps`.
package struct ResourceState: Sendable, Hashable, Codable {
  /// The instance's handle.
  package var app: String
  /// The name of the throw-away instance that it belongs to, which was kept; nil for one that is none.
  package var test: String?
  /// The resource's name.
  package var resource: String
  package var type: String
  /// What it is.
  package var status: ResourceStatus
  /// Why, where the word alone does not say: the signal or exit code of a crash, what a probe met.
  package var reason: String?
  /// The version asked for.
  package var wantedVersion: String?
  /// The version that runs, or ran last.
  package var version: String?
  /// Where it runs.
  package var runtime: RuntimeKind?
  /// The process id of a native server.
  package var pid: Int?
  /// The container's name.
  package var container: String?
  /// The Docker network in which the container is found by the resource's name.
  package var network: String?
  /// The port on 127.0.0.1.
  package var port: Int?
  /// The directory of an efs resource.
  package var directory: String?
  /// Since when it runs.
  package var startedAt: Date?
  /// The resource of which it is a read replica.
  package var source: String?
  /// Whether a read replica was told to pause.
  package var isPaused: Bool?
  /// By how many seconds a read replica was told to delay what it applies.
  package var delaySeconds: Int?
  /// How far a read replica is.
  package var replication: ReplicationStatus?
  /// The last lines of its log, for one that crashed.
  package var lastLog: [String]?
  /// Its options at the last `up`, defaults included.
  package var options: [String: String]?
  /// What was accepted of them although AWS would not do it: the values that AWS has, by option.
  package var acceptedOptions: [String: String]?
  /// The app's parameters, the password masked.
  package var parameters: [String: String]?
}

/// `ps`: what exists, read from reality; no manifest is needed.
package struct StatusOperation: Sendable {
  let context: DrydockContext

  /// A look at what exists.
  package init(context: DrydockContext) {
    self.context = context
  }

  /// The resources of an instance in the manifest's order, running servers probed.
  /// - Parameter selected: The names to look at; nil for all.
  package func run(_ state: InstanceState, only selected: Set<String>? = nil) async throws -> [ResourceState]
  {
    try await observe(state, only: selected).map { $0.amended(by: state, context.home) }
  }

  private func observe(_ state: InstanceState, only selected: Set<String>?) async throws -> [ResourceState] {
    if let created = state.created, created.isDrain {
      return [
        ResourceState(app: state.handle, resource: state.handle, type: created.type, status: .running)
      ]
    }
    let names = state.resourceNames.filter { selected?.contains($0) ?? true }
    if names.isEmpty { return withoutRecord(state) }
    let runtime = try await state.runtime.asyncMap {
      try await RuntimeAccess(context: context, state: state).runtime($0)
    }
    let observed = try await runtime?.observe(names) ?? [:]
    let records = names.compactMap { name in state.resources[name].map { (name: name, record: $0) } }
    return await concurrently(records) {
      await examine($0.name, $0.record, state, observed[$0.name], runtime)
    }
  }

  /// A created resource that never started, or whose data was deleted, is there all the same.
  private func withoutRecord(_ state: InstanceState) -> [ResourceState] {
    guard let created = state.created, state.resources.isEmpty else { return [] }
    return [ResourceState(app: state.handle, resource: state.handle, type: created.type, status: .stopped)]
  }

  private func examine(
    _ name: String, _ record: ResourceRecord, _ state: InstanceState, _ observed: Observation?,
    _ runtime: (any Runtime)?
  ) async -> ResourceState {
    var result = ResourceState(
      app: state.handle, resource: name, type: record.type, status: .stopped, version: record.version)
    result.wantedVersion = record.wantedVersion.isEmpty ? nil : record.wantedVersion
    result.options = record.options
    result.acceptedOptions = record.acceptedOptions
    result.parameters = state.shownParameters
    if record.externalURL != nil {
      result.status = .external
      return result
    }
    guard let server = context.catalog.server(record.type) else {
      let directory = SharedDirectory(
        resource: state.storage(of: name), options: record.options, home: context.home, id: state.id
      ).path
      result.directory = directory
      let isThere = record.isDown != true && Folder.exists(directory)
      result.status = record.isRemoved ? .removed : isThere ? .running : .stopped
      return result
    }
    result.runtime = state.runtime
    result.port = record.port
    result.source = record.source
    (result.isPaused, result.delaySeconds) = (record.isPaused, record.delaySeconds)
    result.pid = observed?.processID
    result.container = observed?.container
    if observed?.container != nil { result.network = ResourceNames(id: state.id).network }
    await judge(&result, record, server, state, observed, runtime)
    return result
  }

  private func judge(
    _ result: inout ResourceState, _ record: ResourceRecord, _ server: any ServerEngine,
    _ state: InstanceState,
    _ observed: Observation?, _ runtime: (any Runtime)?
  ) async {
    switch observed?.condition {
    case .absent, .stopped, nil:
      result.status = record.isRemoved ? .removed : .stopped
      let isGone = record.dataVersion != nil && server.keepsData && observed?.hasData == false
      if isGone { result.reason = "its data is gone" }
    case .crashed(let reason):
      result.status = .crashed
      result.reason = reason
      result.lastLog = try? await runtime?.log(result.resource, lines: 10)
    case .running(let since):
      result.startedAt = since
      guard let runtime else { return }
      if observed?.isOrphaned == true {
        return (result.status, result.reason) = (.unhealthy, "its data was removed while it ran")
      }
      if observed?.isStopping == true { return result.status = .stopping }
      if observed?.isPaused == true {
        let container = observed?.container ?? "its container"
        return (result.status, result.reason) = (
          .paused, "to go on: drydock up, or docker unpause \(container)"
        )
      }
      (result.status, result.reason) = await probe(result.resource, record, server, state, runtime)
      guard record.source != nil, result.status == .running else { return }
      let pair = ReplicaPair(result.resource, state, runtime, in: context.catalog)
      // One that does not say runs all the same, as the probe has shown.
      result.replication = try? await pair?.status(until: .after(.seconds(2)))
    }
  }

  private func probe(
    _ name: String, _ record: ResourceRecord, _ server: any ServerEngine, _ state: InstanceState,
    _ runtime: any Runtime
  ) async -> (ResourceStatus, String?) {
    do {
      let launch = Launch.existing(name, record, server, state)
      let report = try await server.probe(runtime.target(launch, administrator: false)).attempt(
        until: .after(.seconds(2)))
      try await runtime.identity(launch).check(report)
      return (.running, nil)
    } catch let failure as ProbeFailure {
      switch failure {
      case .starting, .unreachable: return (.starting, "\(failure)")
      default: return (.unhealthy, "\(failure)")
      }
    } catch {
      return (.unhealthy, DrydockError(error).message)
    }
  }
}

extension InstanceState {
  /// What is being done to a created resource, while its lock is held.
  func operation(_ home: StateHome) -> ResourceStatus? {
    guard let operation = created?.operation, InstanceLock.isHeld(home.operation(id)) else { return nil }
    return ResourceStatus(rawValue: operation)
  }
}

extension ResourceState {
  /// What is being done to a created resource beats what was seen of it; an operation that was interrupted
  /// leaves it `failed`, unless it is healthy all the same.
  fileprivate func amended(by state: InstanceState, _ home: StateHome) -> ResourceState {
    guard let operation = state.created?.operation else { return self }
    var amended = self
    if let current = state.operation(home) {
      (amended.status, amended.reason) = (current, nil)
    } else if status != .running || operation == ResourceStatus.deleting.rawValue {
      (amended.status, amended.reason) = (.failed, "interrupted while \(operation)")
    }
    return amended
  }
}

extension StatusOperation {
  /// Those of the named servers whose process or container does not run.
  package func idle(_ names: [String], of state: InstanceState) async throws -> [String] {
    guard !names.isEmpty, let kind = state.runtime else { return names }
    let observed = try await RuntimeAccess(context: context, state: state).runtime(kind).observe(names)
    return names.filter { observed[$0]?.isRunning != true }
  }

  /// Which of the instance's servers run, and which ended by themselves, with the reason.
  package func lives(of state: InstanceState, by runtime: any Runtime) async throws -> (
    running: Set<String>, crashed: [String: String]
  ) {
    let names = state.resourceNames
    let observed = try await runtime.observe(names)
    var crashed: [String: String] = [:]
    for name in names {
      if case .crashed(let reason) = observed[name]?.condition { crashed[name] = reason }
    }
    return (Set(names.filter { observed[$0]?.isRunning == true }), crashed)
  }

  /// The created resources that an app is linked to and whose servers do not run.
  package func idleLinks(of app: InstanceState) async throws -> [String] {
    var names: [String] = []
    for server in LinkedResources(context: context).servers(of: app) {
      names += try await idle([server.handle], of: server)
    }
    return names
  }
}
