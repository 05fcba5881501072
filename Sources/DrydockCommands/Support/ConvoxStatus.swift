import DrydockBase
import Emulator

/// Runs a command that mirrors one of Convox's, which knows one exit code for every failure.
func asConvox<Value>(_ body: () async throws -> Value) async throws -> Value {
  do {
    return try await body()
  } catch var error as DrydockError {
    error.code = .failed
    throw error
  } catch let error as AggregateError {
    throw AggregateError(
      error.failures.map { failure in
        var plain = failure.error
        plain.code = .failed
        return (failure.resource, plain)
      })
  }
}
