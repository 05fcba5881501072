package import AppState
import DockerEngine
import DrydockBase
import Engines
import Essentials
package import MonotonicTime
import NativeProcess
import Planning
import Servers

/// An instance whose state cannot be read: what can be seen of its engines by held locks and by Docker's labels, which
/// need no state. They can be stopped; and given up with their data, where the state is damaged for good.
package struct UnreadInstance: Sendable {
  private let context: DrydockContext
  private let unread: UnreadState

  /// The instance of a state.
  package init(context: DrydockContext, unread: UnreadState) {
    self.context = context
    self.unread = unread
  }

  /// A runtime, and what of the instance is there.
  private struct Part {
    var runtime: any Runtime
    var observed: [String: Observation]
    var names: [String] { observed.keys.sorted() }
  }

  private func parts() async throws -> [Part] {
    var parts: [Part] = []
    let native = try context.nativeRuntime(unread.id)
    let folder = "\(context.home.engines)/\(unread.id)"
    let names = try Folder.names(in: folder)
    if !names.isEmpty { parts.append(Part(runtime: native, observed: try await native.observe(names))) }
    if let docker = try await docker() {
      let names = try await docker.resources()
      if !names.isEmpty { parts.append(Part(runtime: docker, observed: try await docker.observe(names))) }
    }
    return parts
  }

  /// Nil where no engine answers: what lies there does not run either.
  private func docker() async throws -> ContainerRuntime? {
    var state = InstanceState(
      id: unread.id, handle: unread.id, app: unread.id, path: "", resourcePassword: "")
    do {
      // Their names were in the state.
      for (name, container) in try await RuntimeAccess(context: context, state: state).docker()
        .containerNames()
      {
        var record = ResourceRecord(type: "", administratorPassword: "", wantedVersion: "", options: [:])
        record.container = container
        state.resources[name] = record
      }
      return try await RuntimeAccess(context: context, state: state).docker()
    } catch let error as DrydockError where error.code == .unavailable {
      return nil
    }
  }

  /// The instance's resources. None counts as running, since nobody can log in to ask it.
  package func status() async throws -> [ResourceState] {
    try await parts().flatMap { part in
      part.observed.sorted { $0.key < $1.key }.compactMap { name, seen in
        status(name, seen, part.runtime.kind)
      }
    }
  }

  private func status(_ name: String, _ seen: Observation, _ kind: RuntimeKind) -> ResourceState? {
    var state = ResourceState(app: unread.id, resource: name, type: "?", status: .stopped)
    switch seen.condition {
    case .absent where !seen.hasData: return nil
    case .absent, .stopped: break
    case .crashed(let reason): (state.status, state.reason) = (.crashed, reason)
    case .running(let since):
      (state.status, state.reason) = (.unhealthy, "it runs, and cannot be asked without its state")
      state.startedAt = since
    }
    state.runtime = kind
    (state.pid, state.container) = (seen.processID, seen.container)
    state.version = seen.dataVersion.map { "\($0)" }
    return state
  }

  /// Stops what runs.
  package func stop() async throws -> [DownOperation.Outcome] {
    try context.home.refuseCopies()
    var outcomes: [DownOperation.Outcome] = []
    for part in try await parts() {
      for name in part.names {
        let wasRunning = part.observed[name]?.isRunning == true
        if wasRunning { try await part.runtime.stop(name, steps: Self.steps) }
        outcomes.append(.init(resource: name, wasRunning: wasRunning, dataDeleted: false))
      }
    }
    return outcomes
  }

  /// What ends any engine in order: PostgreSQL waits for its clients after the first, and does not after the second.
  private static let steps = [
    StopStage(.terminate, .seconds(5)), StopStage(.interrupt, .seconds(15)), StopStage(.quit, .seconds(5)),
    StopStage(.kill, .seconds(5)),
  ]

  /// Stops and deletes everything that the instance has, for good.
  /// - Throws: `DrydockError.dataMismatch` where the state is not damaged, but of a newer drydock or another user's.
  package func remove(until deadline: Deadline, notice: (String) -> Void) async throws {
    guard unread.reason == .damaged else { throw unread.error }
    try context.home.refuseOthers()
    let folder = context.home.instance(unread.id)
    let lock = try await InstanceLock.acquire(folder, making: .never, until: deadline) {
      notice(StateStore.waiting(for: $0))
    }
    // Somebody may have restored the file, or removed the instance, in the meantime.
    guard let lock, case .failure = context.store.read(unread.id) else { return }
    defer { _ = lock }
    if try await docker() == nil {
      notice("no Docker engine answers: what \(unread.id) may have there stays")
    }
    _ = try await stop()
    for part in try await parts() {
      for name in part.names { try await part.runtime.deleteData(name) }
      try await part.runtime.deleteInstance()
    }
    try await Folder.removeTree("\(context.home.engines)/\(unread.id)")
    try releasePorts()
    try await offThePool { [context, unread] in try context.store.delete(unread.id) }
  }

  private func releasePorts() throws {
    let ports = PortAllocator(folder: context.home.ports)
    let names = try Folder.names(in: ports.folder)
    for port in names.compactMap(Int.init) {
      guard let owner = ports.owner(of: port), owner.beginsExactly(with: "\(unread.id)/") else { continue }
      try ports.release(port, owner: owner)
    }
  }
}

extension ContainerRuntime {
  /// What the containers of the instance's resources are called, by their labels.
  func containerNames() async throws -> [String: String] {
    let containers = try await client.listContainers(labels: names.labels, until: soon)
    let named = containers.compactMap { container in
      container.labels[ResourceNames.resourceLabel].map { ($0, container.name) }
    }
    return Dictionary(named) { first, _ in first }.compactMapValues { $0 }
  }

  /// The resources of the instance that have a container or a volume, by their labels.
  func resources() async throws -> [String] {
    let containers = try await client.listContainers(labels: names.labels, until: soon)
    let volumes = try await client.listVolumes(labels: names.labels, until: soon)
    let labels = containers.map(\.labels) + volumes.map(\.labels)
    return Set(labels.compactMap { $0[ResourceNames.resourceLabel] }).sorted()
  }
}

extension InstanceDirectory {
  /// The instance of a folder, where its state cannot be read.
  package func unread(in folder: AppFolder) -> UnreadState? {
    for mark in (try? folder.marks(store.home)) ?? [] {
      if case .failure(let unread) = store.read(mark.id) { return unread }
    }
    return nil
  }
}
