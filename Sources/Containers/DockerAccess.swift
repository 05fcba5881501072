package import DockerEngine
import DrydockBase
import Essentials
import MonotonicTime

/// Finds the Docker engine of this machine.
package struct DockerAccess: Sendable {
  private let environment: [String: String]

  /// How long finding one may take; each endpoint gets up to two seconds, all at the same time.
  private static let limit = Duration.milliseconds(2500)

  /// Looks for one by this environment.
  package init(environment: [String: String]) { self.environment = environment }

  /// What was tried, and what answers.
  package func discover() async -> DiscoveryResult {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? URL.homeDirectory.path
    return await EndpointDiscovery(environment: environment, home: home, userID: getuid())
      .resolve(until: .after(Self.limit))
  }

  /// A client of the engine.
  /// - Throws: `DrydockError.unavailable` saying why there is none.
  package func connect() async throws -> DockerClient {
    let result = await discover()
    if let client = result.client { return client }
    let error = result.error
    throw DrydockError(
      .unavailable, error?.message ?? "no Docker engine answers", suggestion: error?.suggestion)
  }
}
