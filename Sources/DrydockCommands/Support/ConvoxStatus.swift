import Emulator

/// Runs what mirrors a command of Convox, whose errors all end with the status 1.
func withConvoxStatus<Value>(_ body: () async throws -> Value) async throws -> Value {
  do {
    return try await body()
  } catch var error as EmulatorError {
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
