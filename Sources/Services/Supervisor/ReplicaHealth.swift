import MonotonicTime

/// Watches the health of one run of a replica.
struct ReplicaHealth: Sendable {
  /// Nil for a service without a port: it is ready when it is still there after a second.
  let endpoint: ReplicaEndpoint?
  let rule: HealthRule
  let check: @Sendable (ReplicaEndpoint, HealthRule) async -> String?
  let report: @Sendable (ReplicaReport) async -> Void

  /// So many checks in a row have to fail for a replica that was ready to be unhealthy, as for AWS's balancers.
  private static let failures = 2

  /// Watches until the task is cancelled.
  func watch() async {
    do {
      guard let endpoint else {
        try await Task.sleep(for: .seconds(1), clock: SuspendingClock())
        return await report(.ready)
      }
      try await becomeReady(endpoint)
      try await stayReady(endpoint)
    } catch {
      // Cancelled: the replica ended, or is to end.
    }
  }

  /// Asks in quick succession, as a developer waits, and less often once the grace is over. Why it is not healthy is said then,
  /// and whenever the reason is another one.
  private func becomeReady(_ endpoint: ReplicaEndpoint) async throws {
    let grace = Deadline.after(max(rule.grace, .seconds(1)))
    var pause = Backoff(first: .milliseconds(10), limit: .milliseconds(250))
    var told: String?
    while let reason = await check(endpoint, rule) {
      try Task.checkCancellation()
      if grace.hasPassed, told != reason {
        told = reason
        await report(.unhealthy(reason))
      }
      if told != nil { try await Task.sleep(for: .seconds(1), clock: SuspendingClock()) }
      try await pause.sleep(until: .never, "health")
    }
    try Task.checkCancellation()
    await report(.ready)
  }

  private func stayReady(_ endpoint: ReplicaEndpoint) async throws {
    var failed = 0
    var told: String?
    while true {
      try await Task.sleep(for: rule.interval, clock: SuspendingClock())
      guard let reason = await check(endpoint, rule) else {
        if failed >= Self.failures { await report(.ready) }
        (failed, told) = (0, nil)
        continue
      }
      try Task.checkCancellation()
      failed += 1
      guard failed >= Self.failures, told != reason else { continue }
      told = reason
      await report(.unhealthy(reason))
    }
  }
}
