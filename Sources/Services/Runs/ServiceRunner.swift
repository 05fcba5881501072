package import AppState
import DrydockBase
package import MonotonicTime

/// Runs commands once as services', beside whatever runs: each is gone when this process is.
package struct ServiceRunner: Sendable {
  /// How many there may be of a service at a time.
  private static let numbers = 1...500

  private let runs: NumberedRuns

  /// - Parameters:
  ///   - id: An instance whose resources are up.
  ///   - wishes: Which manifest and app env count, and how services are started.
  ///   - notice: Told what takes time.
  package init(
    context: DrydockContext, id: String, wishes: SupervisorProcess.Wishes,
    notice: @escaping @Sendable (String) -> Void
  ) {
    runs = NumberedRuns(context: context, id: id, wishes: wishes, notice: notice)
  }

  /// Runs a command to its end, or until it is stopped; a cancellation ends it too.
  /// - Parameters:
  ///   - stop: Comes where it is to end.
  ///   - started: Told which one it is, and where a command goes that is to run beside it; nil where it is through already.
  /// - Throws: `DrydockError` where it cannot be run.
  package func run(
    _ run: ServiceRun, until stop: Latch, started: @Sendable (ServiceReplica, ReplicaAccess?) -> Void
  ) async throws -> ReplicaEnd {
    let end = try await runs.first(of: Self.numbers, called: { .run(of: run.service, $0) }) {
      replica, preparation in
      let runner = try await preparation.runner(of: run)
      return try await OneRun(runner: runner, replica: replica).end(until: stop) {
        // One that is through by now has no place any more, and its end is told as any other's.
        let place = try? await runner.place(of: replica)
        started(replica, place.map { ReplicaAccess(replica: replica, place: $0) })
      }
    }
    guard let end else {
      throw DrydockError(
        .failed, "\(Self.numbers.count) commands are run as \(run.service)'s already, the most at a time")
    }
    return end
  }
}
