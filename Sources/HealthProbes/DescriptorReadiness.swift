internal import MonotonicTime

/// What a descriptor is waited for.
typealias Interest = DescriptorInterest

/// Waits until `descriptor` can be read or written without blocking: the one place where a probe waits.
/// - Throws: `ProbeFailure.timedOut` naming `step` at the deadline, `CancellationError` when cancelled.
func wait(
  for interest: Interest, on descriptor: Int32, until deadline: Deadline, _ step: String
) async throws {
  guard descriptor >= 0 else { throw ProbeFailure.unreachable(reason: "the connection is closed") }
  do {
    try await waitUntilReady(descriptor, for: interest, until: deadline, step)
  } catch is TimeoutError {
    throw ProbeFailure.timedOut(step: step)
  }
}
