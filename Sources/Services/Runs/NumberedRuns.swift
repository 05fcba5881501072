import AppState
import NativeProcess

/// Runs that somebody asked for, beside whatever runs of an app: each has a number of its own as long as it goes on, and is
/// gone when this process is.
struct NumberedRuns: Sendable {
  let context: DrydockContext
  /// An instance whose resources are up.
  let id: String
  /// Which manifest and app env count, and how services are started.
  let wishes: SupervisorProcess.Wishes
  /// Told what takes time.
  let notice: @Sendable (String) -> Void

  /// Gives a run the first number that no other one has; nil where all are taken.
  /// - Parameter replica: What the run of a number is called.
  func first(
    of numbers: ClosedRange<Int>, called replica: (Int) -> ServiceReplica,
    _ body: (ServiceReplica, ServicePreparation) async throws -> ReplicaEnd
  ) async throws -> ReplicaEnd? {
    let folder = ServiceFolder(home: context.home, id: id)
    try folder.prepare()
    for number in numbers {
      let replica = replica(number)
      try folder.prepare(replica)
      guard let lock = InstanceLock.attempt(folder.replica(replica)) else { continue }
      defer { _ = lock }
      return try await prepared(replica, body)
    }
    return nil
  }

  private func prepared(
    _ replica: ServiceReplica, _ body: (ServiceReplica, ServicePreparation) async throws -> ReplicaEnd
  ) async throws -> ReplicaEnd {
    let preparation = try await SupervisorProcess(context: context, id: id).preparation(
      wishes, try Leash.toThisProcess(), ServiceRouters(), leashName: "leash/\(replica.name)", notice)
    return try await preparation.closing { try await body(replica, preparation) }
  }
}
