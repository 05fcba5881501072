/// A place where an engine may listen, before anybody asked.
package struct EndpointCandidate: Sendable, Hashable {
  /// What may be done with a candidate.
  package enum Target: Sendable, Hashable {
    /// A Unix socket on this machine.
    case socket(path: String)
    /// An engine on another machine, refused for this reason.
    case remote(reason: String)
    /// An address or a context that cannot be used, for this reason.
    case invalid(reason: String)
  }

  /// How the candidate was found.
  package let origin: DockerEndpoint.Origin
  /// Its address as it was found.
  package let address: String
  /// What may be done with it.
  package let target: Target

  /// A candidate with its parts.
  package init(origin: DockerEndpoint.Origin, address: String, target: Target) {
    self.origin = origin
    self.address = address
    self.target = target
  }

  /// A candidate from an address such as `unix:///var/run/docker.sock` or `tcp://build:2376`.
  init(origin: DockerEndpoint.Origin, address: String) {
    self.init(origin: origin, address: address, target: Self.target(address))
  }

  private static func target(_ address: String) -> Target {
    if address.hasPrefix("/") { return .socket(path: address) }
    let parts = address.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      return .invalid(reason: "\"\(address)\" is not an address of a Docker engine")
    }
    switch parts[0] {
    case "unix" where parts[1].hasPrefix("/"): return .socket(path: String(parts[1]))
    case "unix": return .invalid(reason: "\"\(address)\" does not name the socket by its absolute path")
    case "tcp", "http", "https", "ssh", "npipe":
      return .remote(
        reason: "\(address) may be another machine, and published ports and files have to be on this one")
    default: return .invalid(reason: "\"\(address)\" is not an address of a Docker engine")
    }
  }
}
