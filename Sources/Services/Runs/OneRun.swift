import DrydockBase
import MonotonicTime
import NativeProcess

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
  /// - Parameters:
  ///   - stop: Comes where it is to end before; nil for never.
  ///   - started: Called once it runs.
  func end(
    until stop: Latch? = nil, started: () async -> Void = {}
  ) async throws -> ReplicaEnd {
    try await runner.stop(replica, grace: .zero)
    do {
      _ = try await runner.start(replica, until: .after(.seconds(60)))
      await started()
      let end = try await ending(until: stop)
      await self.stop()
      return end
    } catch {
      await self.stop()
      throw error
    }
  }

  private func ending(until stop: Latch?) async throws -> ReplicaEnd {
    guard let stop else { return try await runner.ending(of: replica) }
    return try await withThrowingTaskGroup(of: ReplicaEnd.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await runner.ending(of: replica) }
      group.addTask {
        await stop.wait()
        try Task.checkCancellation()
        return ReplicaEnd(reason: .unknown, words: "it was stopped")
      }
      guard let end = try await group.next() else { throw CancellationError() }
      return end
    }
  }

  private func stop() async {
    await shieldedFromCancellation {
      // How it ended is what is told.
      try? await runner.stop(replica, grace: nil)
    }
  }
}
