import DrydockBase
import Essentials

/// Tells an engine that is not running from one that is not there, by the programs on the search path.
struct InstalledEngines: Sendable {
  private let directories: [String]

  init(_ environment: [String: String]) {
    directories =
      SearchPath.folders(environment["PATH"]) + ["/usr/sbin", "/usr/local/sbin"]
  }

  /// Whether something of the engine is installed. An endpoint that was named outright counts as installed.
  func has(_ origin: DockerEndpoint.Origin) -> Bool {
    guard let programs = programs(of: origin) else { return true }
    return programs.contains { program in
      directories.contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + program) }
    }
  }

  private func programs(of origin: DockerEndpoint.Origin) -> [String]? {
    switch origin {
    case .dockerHost, .context: nil
    case .defaultSocket: ["dockerd", "docker"]
    case .rootless: ["dockerd-rootless.sh"]
    case .colima: ["colima"]
    case .orbstack: ["orbctl", "orb"]
    case .rancher: ["rdctl"]
    case .podman: ["podman"]
    case .desktop: ["docker-desktop"]
    }
  }
}
