package import AppState
import ConvoxManifest
import DrydockBase
import NativeProcess

/// One run of a timer at somebody's word, beside whatever runs.
package struct TimerRun: Sendable {
  /// The numbers of such runs, far from those of runs that are due.
  private static let numbers = 101...199

  private let context: DrydockContext
  private let id: String
  private let wishes: SupervisorProcess.Wishes
  private let notice: @Sendable (String) -> Void

  /// A run for an instance whose resources are up.
  /// - Parameters:
  ///   - wishes: Which manifest and app env count, and how services are started.
  ///   - notice: Told what takes time.
  package init(
    context: DrydockContext, id: String, wishes: SupervisorProcess.Wishes,
    notice: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.id = id
    self.wishes = wishes
    self.notice = notice
  }

  /// Runs a timer to its end; a cancellation ends it.
  /// - Parameter showing: Does the work that it is given, and shows meanwhile what the replica writes.
  /// - Throws: `DrydockError` for a timer that there is not, and for one that cannot be run.
  package func run(
    _ name: String,
    showing:
      @Sendable (ServiceReplica, @escaping @Sendable () async throws -> ReplicaEnd) async throws ->
      ReplicaEnd
  ) async throws -> ReplicaEnd {
    let folder = ServiceFolder(home: context.home, id: id)
    try folder.prepare()
    for number in Self.numbers {
      let replica = ServiceReplica.run(ofTimer: name, number)
      try folder.prepare(replica)
      // Two that run it at the same time have numbers of their own.
      guard let lock = InstanceLock.attempt(folder.replica(replica)) else { continue }
      defer { _ = lock }
      return try await run(name, as: replica, showing)
    }
    throw DrydockError(.failed, "the timer \(name) is run \(Self.numbers.count) times already")
  }

  private func run(
    _ name: String, as replica: ServiceReplica,
    _ showing:
      @Sendable (ServiceReplica, @escaping @Sendable () async throws -> ReplicaEnd) async throws ->
      ReplicaEnd
  ) async throws -> ReplicaEnd {
    let preparation = try await SupervisorProcess(context: context, id: id).preparation(
      wishes, try Leash.toThisProcess(), ServiceRouters(), leashName: "leash/\(replica.name)", notice)
    do {
      let runner = try await preparation.runner(of: try preparation.timer(named: name))
      let end = try await showing(replica) { try await OneRun(runner: runner, replica: replica).end() }
      await preparation.close()
      return end
    } catch {
      await preparation.close()
      throw error
    }
  }
}
