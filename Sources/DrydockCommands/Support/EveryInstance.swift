import AppState
import DrydockBase
import Emulator

/// Does the same for every instance: one that fails keeps none of the others from its turn.
struct EveryInstance<Value: Sendable> {
  /// What came of those that did not fail.
  private(set) var values: [Value] = []
  private var failures: [(resource: String, error: DrydockError)] = []

  init(_ instances: [InstanceState], _ body: (InstanceState) async throws -> [Value]) async throws {
    for instance in instances {
      do {
        values += try await body(instance)
      } catch  where instances.count > 1 && !(error is CancellationError) {
        let errors = (error as? AggregateError)?.failures.map(\.error) ?? [DrydockError(error)]
        failures += errors.map { named($0, instance) }
      }
    }
  }

  private func named(_ error: DrydockError, _ instance: InstanceState)
    -> (resource: String, error: DrydockError)
  {
    var error = error
    error.message = "app \(instance.handle): \(error.message)"
    return (instance.handle, error)
  }

  /// To be called once the values are printed.
  /// - Throws: `AggregateError` where any instance failed.
  func finish() throws {
    if !failures.isEmpty { throw AggregateError(failures) }
  }
}
