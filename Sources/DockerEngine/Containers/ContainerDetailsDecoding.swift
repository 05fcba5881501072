extension ContainerDetails: Decodable {
  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case name = "Name"
    case imageID = "Image"
    case state = "State"
    case restartCount = "RestartCount"
    case config = "Config"
    case hostConfig = "HostConfig"
    case networkSettings = "NetworkSettings"
    case mounts = "Mounts"
  }

  private struct Config: Decodable {
    let image: String
    let hostname: String?
    let labels: [String: String]?
    let environment: [String]?
    let tty: Bool?
    let entryPoint: [String]?

    enum CodingKeys: String, CodingKey {
      case image = "Image"
      case hostname = "Hostname"
      case labels = "Labels"
      case environment = "Env"
      case tty = "Tty"
      case entryPoint = "Entrypoint"
    }
  }

  private struct HostConfig: Decodable {
    let portBindings: PortMap?
    let networkMode: String?

    enum CodingKeys: String, CodingKey {
      case portBindings = "PortBindings"
      case networkMode = "NetworkMode"
    }
  }

  private struct NetworkSettings: Decodable {
    let ports: PortMap?
    let networks: [String: ContainerNetwork]?

    enum CodingKeys: String, CodingKey {
      case ports = "Ports"
      case networks = "Networks"
    }
  }

  /// Decodes the answer of `GET /containers/{id}/json`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let config = try values.decode(Config.self, forKey: .config)
    let hostConfig = try values.decodeIfPresent(HostConfig.self, forKey: .hostConfig)
    let network = try values.decodeIfPresent(NetworkSettings.self, forKey: .networkSettings)
    let name = try values.decode(String.self, forKey: .name)
    id = try values.decode(String.self, forKey: .id)
    self.name = name.hasPrefix("/") ? String(name.dropFirst()) : name
    imageID = try values.decode(String.self, forKey: .imageID)
    image = config.image
    hostname = config.hostname.flatMap { $0.isEmpty ? nil : $0 }
    state = try values.decode(ContainerState.self, forKey: .state)
    labels = config.labels ?? [:]
    environment = config.environment ?? []
    entryPoint = config.entryPoint ?? []
    hasTerminal = config.tty ?? false
    restartCount = try values.decodeIfPresent(Int.self, forKey: .restartCount) ?? 0
    portBindings = hostConfig?.portBindings?.bindings ?? []
    publishedPorts = network?.ports?.bindings ?? []
    mounts = try values.decodeIfPresent([MountPoint].self, forKey: .mounts) ?? []
    networks = network?.networks ?? [:]
    networkMode = hostConfig?.networkMode
  }
}

/// Ports by container port, as the API lists them: `{"5432/tcp": [{"HostIp": …, "HostPort": …}]}`.
private struct PortMap: Decodable {
  let bindings: [PortBinding]

  private struct HostPort: Decodable {
    let ip: String?
    let port: String?

    enum CodingKeys: String, CodingKey {
      case ip = "HostIp"
      case port = "HostPort"
    }
  }

  init(from decoder: any Decoder) throws {
    let map = try decoder.singleValueContainer().decode([String: [HostPort]?].self)
    bindings = map.sorted { $0.key < $1.key }.flatMap { name, hosts in
      (hosts ?? []).compactMap { host in
        ContainerPort(name).map {
          PortBinding(hostIP: host.ip ?? "", hostPort: Int(host.port ?? "") ?? 0, containerPort: $0)
        }
      }
    }
  }
}

/// A container in a listing.
package struct ContainerSummary: Sendable, Hashable, Decodable {
  /// The container's id.
  package let id: String
  /// Its name, without the leading slash.
  package let name: String
  /// The image's name as it was given at creation.
  package let image: String
  /// The id of its image; empty where the engine does not say.
  package let imageID: String
  /// What it is doing.
  package let status: ContainerState.Status
  package let labels: [String: String]

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case names = "Names"
    case image = "Image"
    case imageID = "ImageID"
    case status = "State"
    case labels = "Labels"
  }

  /// Decodes an entry of `GET /containers/json`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let names = try values.decodeIfPresent([String].self, forKey: .names) ?? []
    id = try values.decode(String.self, forKey: .id)
    // The name with one slash is the container's own; more slashes come from legacy links.
    name = names.map { String($0.drop { $0 == "/" }) }.first { !$0.contains("/") } ?? ""
    image = try values.decodeIfPresent(String.self, forKey: .image) ?? ""
    imageID = try values.decodeIfPresent(String.self, forKey: .imageID) ?? ""
    status = try values.decodeIfPresent(ContainerState.Status.self, forKey: .status) ?? .other
    labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
  }
}
