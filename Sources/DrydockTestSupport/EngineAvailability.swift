package import DockerEngine
import Foundation
import MonotonicTime

/// Which engines tests can use on this machine.
package enum EngineAvailability {
  /// Whether what is missing is a failure rather than a reason to skip.
  package static var isCI: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

  /// The Docker engine that answers, or why none does.
  package static func docker() async -> (client: DockerClient?, reason: String) {
    let search = EndpointDiscovery(
      environment: ProcessInfo.processInfo.environment, home: NSHomeDirectory(), userID: getuid())
    let result = await search.resolve(until: .after(.seconds(60)))
    return (result.client, result.error?.message ?? "no Docker engine answers")
  }

  /// Whether the Docker engine has images for these, given as `postgres:15`.
  package static func hasImages(_ names: [String]) async -> Bool {
    guard let client = await docker().client else { return false }
    for name in names {
      let image = try? await client.inspectImage("drydock/\(name)", until: .after(.seconds(60)))
      guard image != nil else { return false }
    }
    return true
  }

  /// Whether every engine of a native test is installed.
  package static var hasNativeEngines: Bool {
    InstalledEngines.postgres != nil && InstalledEngines.mariadb != nil && InstalledEngines.redis != nil
      && InstalledEngines.memcached != nil
  }

  /// The runtimes that can be tested here; where a missing one is a failure, it is among them.
  package static func runtimes() async -> [String] {
    var names: [String] = []
    if hasNativeEngines { names.append("native") }
    if await docker().client != nil || isCI { names.append("docker") }
    return names
  }
}
