/// Runs `operation` to its end even when the caller is cancelled.
///
/// Stopping a process half-way, say, would leave an orphan. The task is unstructured only in that cancellation does not
/// reach it: it is awaited here, so it never outlives its caller.
package func shieldedFromCancellation<Value: Sendable, Failure: Error>(
  _ operation: @escaping @Sendable () async throws(Failure) -> Value
) async throws(Failure) -> Value {
  try await Task { () -> Result<Value, Failure> in
    do throws(Failure) { return .success(try await operation()) } catch { return .failure(error) }
  }.value.get()
}
