/// Something was not done by its deadline. Never thrown for a cancellation.
package struct TimeoutError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was waited for, as the object of "timed out waiting for …".
  package let subject: String

  /// An error that names what was waited for.
  package init(_ subject: String) {
    self.subject = subject
  }

  /// The message a user reads.
  package var description: String { "timed out waiting for \(subject)" }
}

/// Runs `operation` and cancels it when the deadline passes.
///
/// The operation has to heed cancellation; its own result wins where both end at once.
/// - Throws: `TimeoutError` naming `subject` when the deadline passed first, else what the operation threw.
package func withDeadline<Value: Sendable>(
  _ deadline: Deadline, _ subject: String,
  operation: @escaping @Sendable @concurrent () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await operation() }
    group.addTask {
      try await SuspendingClock().sleep(until: deadline.instant, tolerance: .milliseconds(1))
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let value = first else {
      throw TimeoutError(subject)
    }
    return value
  }
}
