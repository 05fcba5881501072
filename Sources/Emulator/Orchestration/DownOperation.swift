package import AppState
import DrydockBase
import Engines
import Essentials
package import MonotonicTime
import NativeProcess
import Planning
import Resources
import Servers

/// `down`: stops what runs, and deletes data only where that is asked.
package struct DownOperation: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  private let selected: [String]?
  private let deletesData: Bool
  private let ending: Set<String>
  private let isForgotten: Bool
  private let condition: @Sendable (InstanceState) throws -> Void
  private let notice: @Sendable (String) -> Void

  /// What a `down` ended with, by resource.
  package struct Outcome: Sendable, Hashable, Codable {
    /// The resource's name.
    package var resource: String
    /// Whether it ran before.
    package var wasRunning: Bool
    /// Whether its data was deleted.
    package var dataDeleted: Bool
  }

  /// A `down` of an instance; of the named resources only where names are given.
  /// - Parameters:
  ///   - ending: The ids of all instances that the same command takes down.
  ///   - isForgotten: Whether the instance is forgotten afterwards, so that notes of it matter no more.
  ///   - condition: Looks at the instance once its lock is held, and throws where it is not to be touched after all.
  package init(
    context: DrydockContext, instance: InstanceState, selected: [String]?, deletesData: Bool,
    ending: Set<String> = [], isForgotten: Bool = false,
    condition: @escaping @Sendable (InstanceState) throws -> Void = { _ in },
    notice: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.instance = instance
    self.selected = selected
    self.deletesData = deletesData
    self.ending = ending
    self.isForgotten = isForgotten
    self.condition = condition
    self.notice = notice
  }

  /// Carries it out.
  package func run(until deadline: Deadline) async throws -> [Outcome] {
    let held = try await context.store.hold(
      instance.id, called: instance.handle, isStop: !deletesData, until: deadline, notice: notice)
    defer { _ = held }
    var state = held.state
    try condition(state)
    let outcomes = try await run(&state)
    // Under the lock, so that nobody who waits for it starts what is about to go.
    if isForgotten { try await offThePool { [state] in try context.directory.forget(state) } }
    return outcomes
  }

  private func run(_ state: inout InstanceState) async throws -> [Outcome] {
    let names = try names(state)
    if deletesData {
      try LinkedResources(context: context).refuseDeletion(state, ending: ending)
      try DeletionProtection.refuse(names, state)
      try refuseSources(names, state)
    }
    guard let kind = state.runtime else { return withoutRuntime(names) }
    let runtime = try await RuntimeAccess(context: context, state: state).runtime(kind)
    let outcomes = try await stop(names, state, runtime)
    if !deletesData { await noteDirectories(names, &state) }
    // Only now: a replica that runs would connect again at once.
    if deletesData { await release(names, state, runtime) }
    if deletesData { try await deleteData(of: names, &state, runtime) }
    if selected == nil {
      try EnvironmentFiles.remove(from: AppFolder(state.path), home: context.home, notice)
    }
    return outcomes
  }

  /// Writes down that directories are taken down, as nothing about them tells. Where nothing can be written, they only
  /// go on to be shown as if they were up.
  private func noteDirectories(_ names: [String], _ state: inout InstanceState) async {
    let directories = names.filter { name in
      state.resources[name].map { context.catalog.server($0.type) == nil && $0.isDown != true }
        ?? false
    }
    guard !directories.isEmpty else { return }
    for name in directories { state.resources[name]?.isDown = true }
    try? await context.store.saveOffThePool(state)
  }

  private func names(_ state: InstanceState) throws -> [String] {
    let known = state.resourceNames
    for name in selected ?? [] where !known.contains(name) {
      throw UnknownName.error("resource", name, known: known)
    }
    return selected ?? known
  }

  /// A source cannot go while replicas of it stay.
  private func refuseSources(_ names: [String], _ state: InstanceState) throws {
    for name in names {
      let replicas = state.resources.filter { $0.value.source == name && !names.contains($0.key) }.keys
        .sorted()
      guard !replicas.isEmpty else { continue }
      throw DrydockError(
        .failed, "resource \(name) is the source of \(replicas.joined(separator: ", "))",
        suggestion: "delete the replicas too, or promote them first: remove readSourceDB, drydock up")
    }
  }

  /// Has the sources that stay forget the replicas that go, so that they keep no log for them.
  private func release(_ names: [String], _ state: InstanceState, _ runtime: any Runtime) async {
    for name in names {
      guard let source = state.resources[name]?.source, !names.contains(source),
        let pair = ReplicaPair(name, state, runtime, in: context.catalog)
      else { continue }
      do {
        try await pair.release(until: .after(.seconds(10)))
      } catch {
        notice("\(source) could not be told that its replica \(name) goes; it limits what it keeps for it")
      }
    }
  }

  /// Stops all of them at once; each engine takes its own time to flush.
  private func stop(_ names: [String], _ state: InstanceState, _ runtime: any Runtime) async throws
    -> [Outcome]
  {
    let observed = try await runtime.observe(names)
    let running = names.filter { observed[$0]?.isRunning == true }.compactMap { name in
      state.resources[name].flatMap { context.catalog.server($0.type) }.map {
        (name: name, server: $0)
      }
    }
    let failures = await concurrently(running) { name, server -> (resource: String, error: DrydockError)? in
      do {
        try await tellingOfStop(name, notice: notice) {
          try await runtime.stop(name, steps: server.stopSteps)
        }
        return nil
      } catch {
        return (name, DrydockError(error, resource: name))
      }
    }.compactMap { $0 }.sorted { $0.resource < $1.resource }
    if !failures.isEmpty { throw AggregateError(failures) }
    return names.map {
      Outcome(resource: $0, wasRunning: observed[$0]?.isRunning == true, dataDeleted: deletesData)
    }
  }

  private func deleteData(of names: [String], _ state: inout InstanceState, _ runtime: any Runtime)
    async throws
  {
    for name in names { state.resources[name]?.dataVersion = nil }
    // A deletion that is cut short is no data that somebody else removed; what is left of it serves nobody any more.
    // A full disk keeps nobody from deleting.
    try? await context.store.saveOffThePool(state)
    for name in names { try await forget(name, &state) { try await runtime.deleteData(name) } }
    if state.resources.isEmpty {
      try await runtime.deleteInstance()
      // Shared directories lie there in either runtime.
      rmdir("\(context.home.engines)/\(state.id)")
      state.runtime = nil
    }
    do {
      try await context.store.saveOffThePool(state)
    } catch let error as DrydockError where error.code == .cannotWrite {
      // The data is gone, and an `up` finds out by itself.
      if isForgotten { return }
      notice("the data is deleted, but drydock's note of it is not: \(error.message)")
    }
  }

  /// Resources that were only directories or URLs never had a runtime.
  private func withoutRuntime(_ names: [String]) -> [Outcome] {
    names.map { Outcome(resource: $0, wasRunning: false, dataDeleted: false) }
  }

  private func forget(
    _ name: String, _ state: inout InstanceState, deleting: () async throws -> Void
  ) async throws {
    guard let record = state.resources[name] else { return }
    try await deleting()
    try ServerCertificates(home: context.home, id: state.id).remove(name)
    if context.catalog.server(record.type) == nil {
      try await SharedDirectory(
        resource: state.storage(of: name), options: record.options, home: context.home, id: state.id
      ).delete()
    }
    if let port = record.port {
      try PortAllocator(folder: context.home.ports).release(
        port, owner: "\(state.id)/\(state.storage(of: name))")
    }
    state.resources[name] = nil
  }
}
