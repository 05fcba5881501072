import DrydockBase
import MonotonicTime

/// A command that is run once to its end, as a service's.
struct OneRun: Sendable {
  let runner: any ReplicaRunner
  let replica: ServiceReplica

  /// Runs it; what is left of an earlier one is ended first, and a cancellation ends it.
  /// - Parameter name: What the error calls it.
  /// - Throws: `DrydockError` with its last words where it fails.
  func run(as name: String) async throws {
    let end = try await end()
    guard end.status != 0 else { return }
    throw DrydockError(
      .failed, "\(name) ended with \(end.description)",
      suggestion: "its output: drydock logs \(replica.service)", details: end.lastLines)
  }

  /// The same, for whoever looks at its end.
  func end() async throws -> ReplicaEnd {
    try await runner.stop(replica, grace: .zero)
    do {
      _ = try await runner.start(replica, until: .after(.seconds(60)))
      let end = try await runner.ending(of: replica)
      await stop()
      return end
    } catch {
      await stop()
      throw error
    }
  }

  private func stop() async {
    await shieldedFromCancellation {
      // How it ended is what is told.
      try? await runner.stop(replica, grace: nil)
    }
  }
}
