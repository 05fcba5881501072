package import MonotonicTime

/// One way to prove that a server is up: log in as its user would, ask it something, report who answered.
package protocol HealthProbe: Sendable {
  /// What is probed, as messages name it, for instance "postgresql at 127.0.0.1:20001".
  var name: String { get }

  /// Connects, asks and disconnects once.
  ///
  /// Blocks no thread, holds no descriptor when it returns or throws, writes nothing to the server.
  /// - Throws: `ProbeFailure` or `CancellationError`.
  func attempt(until deadline: Deadline) async throws -> ServerReport
}
