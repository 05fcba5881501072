/// A container as it is now. Its health check is ignored: readiness is proved otherwise.
public struct ContainerDetails: Sendable, Hashable {
  /// The container's id.
  public let id: String
  /// Its name, without the leading slash.
  public let name: String
  /// The id of its image.
  public let imageID: String
  /// The image's name as it was given at creation.
  public let image: String
  /// What it is doing.
  public let state: ContainerState
  /// Its labels.
  public let labels: [String: String]
  /// Its environment, as `NAME=value`.
  public let environment: [String]
  /// Whether its process has a terminal.
  public let hasTerminal: Bool
  /// How often the engine restarted it.
  public let restartCount: Int
  /// The port bindings it was created with; a port of zero is chosen by the engine.
  public let portBindings: [PortBinding]
  /// The ports that are published now; empty while it does not run.
  public let publishedPorts: [PortBinding]
  /// What is mounted.
  public let mounts: [MountPoint]
  /// The networks it is attached to, by name.
  public let networks: [String: ContainerNetwork]

  /// A mount of a container.
  public struct MountPoint: Sendable, Hashable, Decodable {
    /// `volume`, `bind` or `tmpfs`.
    public let type: String
    /// The volume's name; nil for other types.
    public let name: String?
    /// The path on the host, where there is one.
    public let source: String?
    /// The path inside the container.
    public let target: String
    /// Whether the container may write there.
    public let isWritable: Bool?

    private enum CodingKeys: String, CodingKey {
      case type = "Type"
      case name = "Name"
      case source = "Source"
      case target = "Destination"
      case isWritable = "RW"
    }
  }
}

/// A container's place in a network.
public struct ContainerNetwork: Sendable, Hashable, Decodable {
  /// The network's id; empty before the first start.
  public let networkID: String?
  /// The container's address there; empty while it does not run.
  public let address: String?
  /// The names that others find it under.
  public let aliases: [String]?

  private enum CodingKeys: String, CodingKey {
    case networkID = "NetworkID"
    case address = "IPAddress"
    case aliases = "Aliases"
  }
}

/// What a container is doing.
public struct ContainerState: Sendable, Hashable {
  /// The states of the API.
  public enum Status: String, Sendable, Hashable, Decodable {
    /// Made, never started.
    case created
    /// Running.
    case running
    /// Frozen.
    case paused
    /// Between an exit and the engine's restart.
    case restarting
    /// Being removed.
    case removing
    /// Ended.
    case exited
    /// Partly removed.
    case dead
    /// A state this client does not know, as Podman has some.
    case other

    /// Decodes a state; an unknown one becomes ``other``.
    public init(from decoder: any Decoder) throws {
      let text = try decoder.singleValueContainer().decode(String.self)
      self = Status(rawValue: text) ?? .other
    }
  }

  /// The state's name.
  public let status: Status
  /// Whether its process exists.
  public let isRunning: Bool
  /// The code of the last exit; zero before the first.
  public let exitCode: Int
  /// Whether the kernel killed it for want of memory.
  public let wasOutOfMemory: Bool
  /// Why the last start failed; empty where it did not.
  public let error: String
  /// The id of its first process on the engine's host; nil while it does not run.
  public let pid: Int?
  /// When it was last started, in RFC 3339 as the engine writes it; nil if never.
  public let startedAt: String?
  /// When it last ended, in RFC 3339 as the engine writes it; nil if never.
  public let finishedAt: String?
}

extension ContainerState: Decodable {
  private enum CodingKeys: String, CodingKey {
    case status = "Status"
    case isRunning = "Running"
    case exitCode = "ExitCode"
    case wasOutOfMemory = "OOMKilled"
    case error = "Error"
    case pid = "Pid"
    case startedAt = "StartedAt"
    case finishedAt = "FinishedAt"
  }

  /// Decodes the state in the answer of `GET /containers/{id}/json`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    // Go's zero time stands for "never".
    func time(_ key: CodingKeys) throws -> String? {
      try values.decodeIfPresent(String.self, forKey: key).flatMap {
        $0.hasPrefix("0001-") || $0.isEmpty ? nil : $0
      }
    }
    status = try values.decode(Status.self, forKey: .status)
    isRunning = try values.decode(Bool.self, forKey: .isRunning)
    exitCode = try values.decodeIfPresent(Int.self, forKey: .exitCode) ?? 0
    wasOutOfMemory = try values.decodeIfPresent(Bool.self, forKey: .wasOutOfMemory) ?? false
    error = try values.decodeIfPresent(String.self, forKey: .error) ?? ""
    pid = try values.decodeIfPresent(Int.self, forKey: .pid).flatMap { $0 > 0 ? $0 : nil }
    startedAt = try time(.startedAt)
    finishedAt = try time(.finishedAt)
  }
}
