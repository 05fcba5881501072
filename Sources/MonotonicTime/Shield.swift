/// Runs `operation` to its end even when the caller is cancelled.
///
/// Stopping a process half-way, say, would leave an orphan. The task is unstructured only in that cancellation does not
/// reach it: it is awaited here, so it never outlives its caller.
public func shieldedFromCancellation<Value: Sendable>(
  _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await Task { try await operation() }.value
}
