package import MonotonicTime
package import ServiceRouter

/// What leads requests to the replicas of services: the routers.
package protocol Traffic: Sendable {
  /// Gives a service its replicas that are ready, and what is told to whoever asks while there is none.
  /// - Parameters:
  ///   - further: At which of its further ports; nil for that of `port:`.
  ///   - detail: Why none is ready, for people; nil where there is nothing to say.
  func direct(
    _ service: String, further: Int?, to replicas: [ServiceReplica: ReplicaEndpoint],
    condition: ServiceCondition,
    detail: String?
  ) async

  /// Sends no more requests to a replica, and returns once those under way have ended, or at the deadline.
  func drain(_ replica: ServiceReplica, until deadline: Deadline) async
}
