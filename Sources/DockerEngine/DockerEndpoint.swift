/// Where a Docker Engine listens on this machine, and how that was found.
package struct DockerEndpoint: Sendable, Hashable {
  /// The path of the Unix socket.
  package let socketPath: String
  /// How the endpoint was found.
  package let origin: Origin

  /// An endpoint on a Unix socket.
  package init(socketPath: String, origin: Origin = .defaultSocket) {
    self.socketPath = socketPath
    self.origin = origin
  }

  /// Where the address of an engine comes from.
  package enum Origin: Sendable, Hashable, CustomStringConvertible {
    /// The variable `DOCKER_HOST`.
    case dockerHost
    /// A context of the docker command, named by `DOCKER_CONTEXT` or by config.json.
    case context(String)
    /// `/var/run/docker.sock`.
    case defaultSocket
    /// A rootless dockerd of this user.
    case rootless
    /// Colima's virtual machine.
    case colima
    /// OrbStack's virtual machine.
    case orbstack
    /// Rancher Desktop's virtual machine.
    case rancher
    /// Podman's Docker-compatible service.
    case podman
    /// Docker Desktop's virtual machine.
    case desktop

    /// The origin as it stands in a listing.
    package var description: String {
      switch self {
      case .dockerHost: "DOCKER_HOST"
      case .context(let name): "context \(name)"
      case .defaultSocket: "default socket"
      case .rootless: "rootless Docker"
      case .colima: "Colima"
      case .orbstack: "OrbStack"
      case .rancher: "Rancher Desktop"
      case .podman: "Podman"
      case .desktop: "Docker Desktop"
      }
    }
  }
}
