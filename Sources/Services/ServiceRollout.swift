package import AppState
import ConvoxManifest
import DrydockBase
package import Essentials
package import MonotonicTime

/// Has the services of an app run as its manifest, its app env and its code are now: started in the background where they
/// do not run, else restarted by the supervisor that has them.
package struct ServiceRollout: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  private let wishes: SupervisorProcess.Wishes
  private let supervisor: SupervisorProcess

  /// A roll-out for an instance whose resources are up.
  package init(context: DrydockContext, instance: InstanceState, wishes: SupervisorProcess.Wishes) {
    self.context = context
    self.instance = instance
    self.wishes = wishes
    supervisor = SupervisorProcess(context: context, id: instance.id)
  }

  /// The services that a supervisor has; nil where none runs.
  package func running(until deadline: Deadline) async throws -> [ServiceStatus]? {
    guard try await supervisor.isRunning() else { return nil }
    try await supervisor.waitUntilListening(until: deadline)
    return try await supervisor.client.ask(ControlRequest(.status), until: deadline)
  }

  /// What a roll-out came to.
  package struct Change: Sendable, Hashable {
    /// The services that did not run before.
    package var started: Set<String> = []
    /// The services that ran before and do not any more.
    package var ended: Set<String> = []
  }

  /// Carries it out, and returns once the supervisor has prepared everything: images are built, replicas come up.
  /// - Parameters:
  ///   - begin: What was started later has what is new already.
  ///   - wanted: The services that are to run; nil for all of the manifest.
  /// - Throws: `ManifestError`; `DrydockError` where they cannot run; `TimeoutError`.
  package func run(
    since begin: Date, only wanted: Set<String>? = nil, until deadline: Deadline
  ) async throws -> Change {
    let services = try services().filter { wanted?.contains($0) ?? true }
    guard let before = try await running(until: deadline) else {
      guard !services.isEmpty else { return Change() }
      var wishes = wishes
      if wanted != nil { wishes.services = services }
      try await BackgroundServices(context: context, instance: instance, wishes: wishes).start(
        until: deadline)
      try await supervisor.waitUntilListening(until: deadline)
      return Change(started: Set(services))
    }
    let known = Set(before.map(\.service))
    let old = before.filter { services.contains($0.service) && $0.isOlder(than: begin) }.map(\.service)
    if !old.isEmpty {
      _ = try await supervisor.client.ask(ControlRequest(.restart, services: old), until: deadline)
    }
    let missing = services.filter { !known.contains($0) }
    if !missing.isEmpty {
      _ = try await supervisor.client.ask(ControlRequest(.add, services: missing), until: deadline)
    }
    // Last, since a supervisor ends with the last of its services.
    let ended = known.subtracting(services)
    try await stop(ended, until: deadline)
    return Change(started: Set(missing), ended: ended)
  }

  /// The services that are to run: the manifest's, but for those that drydock.yml leaves out.
  private func services() throws -> [String] {
    let manifest = try wishes.workspace.load(
      appEnvironment: instance.appEnvironment, catalog: context.catalog)
    let settings = try wishes.workspace.settings(for: manifest)
    return manifest.services.map(\.name).filter { settings.kinds[$0] != .off }
  }

  /// Services that are to run no more.
  private func stop(_ services: Set<String>, until deadline: Deadline) async throws {
    guard !services.isEmpty else { return }
    _ = try await supervisor.client.ask(ControlRequest(.stop, services: services.sorted()), until: deadline)
  }

  /// Waits until every replica is ready, or does not stay up, or none is left.
  /// - Parameter isWanted: Asked again and again; false ends the wait.
  package func settle(until deadline: Deadline, while isWanted: @Sendable () -> Bool) async {
    var pause = Backoff(first: .milliseconds(50), limit: .milliseconds(250))
    while isWanted(), !deadline.hasPassed {
      // A supervisor that cannot answer now has not said that it is done.
      do { if try await isSettled(until: deadline) { return } } catch is CancellationError { return } catch {}
      do { try await pause.sleep(until: deadline, "services that are ready") } catch { return }
    }
  }
}

extension ServiceRollout {
  /// Whether nothing comes or goes any more, as where nobody supervises.
  private func isSettled(until deadline: Deadline) async throws -> Bool {
    guard let status = try await supervisor.client.ask(ControlRequest(.status), until: deadline) else {
      return true
    }
    let isComing = status.contains { service in
      service.readyCount < service.desired && !service.replicas.contains { $0.state == .crashLoop }
    }
    let isGoing = status.contains { $0.replicas.contains { $0.state == .stopping } }
    return !isComing && !isGoing
  }
}

extension ServiceStatus {
  /// Whether it runs as it was before a time; one whose replicas are being stopped is about to be started anew.
  fileprivate func isOlder(than time: Date) -> Bool {
    replicas.contains { $0.state != .stopping && ($0.startedAt ?? .distantPast) < time }
  }
}
