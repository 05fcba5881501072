package import AppState
import ConvoxManifest
import DrydockBase
import NativeProcess

/// One run of a timer at somebody's word, beside whatever runs.
package struct TimerRun: Sendable {
  /// The numbers of such runs, far from those of runs that are due.
  private static let numbers = 101...199

  private let runs: NumberedRuns

  /// A run for an instance whose resources are up.
  /// - Parameters:
  ///   - wishes: Which manifest and app env count, and how services are started.
  ///   - notice: Told what takes time.
  package init(
    context: DrydockContext, id: String, wishes: SupervisorProcess.Wishes,
    notice: @escaping @Sendable (String) -> Void
  ) {
    runs = NumberedRuns(context: context, id: id, wishes: wishes, notice: notice)
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
    let end = try await runs.first(of: Self.numbers, called: { .run(ofTimer: name, $0) }) {
      replica, preparation in
      let runner = try await preparation.runner(of: try preparation.timer(named: name))
      return try await showing(replica) { try await OneRun(runner: runner, replica: replica).end() }
    }
    guard let end else {
      throw DrydockError(.failed, "the timer \(name) is run \(Self.numbers.count) times already")
    }
    return end
  }
}
