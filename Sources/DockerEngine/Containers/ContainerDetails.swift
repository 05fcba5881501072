/// A container as it is now. Its health check is ignored: readiness is proved otherwise.
package struct ContainerDetails: Sendable, Hashable {
  /// The container's id.
  package let id: String
  /// Its name, without the leading slash.
  package let name: String
  /// The id of its image.
  package let imageID: String
  /// The image's name as it was given at creation.
  package let image: String
  /// Its host name; nil where it has none of its own.
  package let hostname: String?
  /// What it is doing.
  package let state: ContainerState
  package let labels: [String: String]
  /// Its environment, as `NAME=value`.
  package let environment: [String]
  /// The words of its image that stand before those of its command; empty for none.
  package let entryPoint: [String]
  /// Whether its process has a terminal.
  package let hasTerminal: Bool
  /// How often the engine restarted it.
  package let restartCount: Int
  /// The port bindings it was created with; a port of zero is chosen by the engine.
  package let portBindings: [PortBinding]
  /// The ports that are published now; empty while it does not run.
  package let publishedPorts: [PortBinding]
  /// What is mounted.
  package let mounts: [MountPoint]
  /// The networks it is attached to, by name.
  package let networks: [String: ContainerNetwork]
  /// How it is attached to networks: `host`, `container:ID`, `none`, or the name of one; nil where the engine does not say.
  package let networkMode: String?

  /// A mount of a container.
  package struct MountPoint: Sendable, Hashable, Decodable {
    /// `volume`, `bind` or `tmpfs`.
    package let type: String
    /// The volume's name; nil for other types.
    package let name: String?
    /// The path on the host, where there is one.
    package let source: String?
    /// The path inside the container.
    package let target: String
    /// Whether the container may write there.
    package let isWritable: Bool?

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
package struct ContainerNetwork: Sendable, Hashable, Decodable {
  /// The network's id; empty before the first start.
  package let networkID: String?
  /// The container's address there; empty while it does not run.
  package let address: String?
  /// The names that others find it under.
  package let aliases: [String]?

  private enum CodingKeys: String, CodingKey {
    case networkID = "NetworkID"
    case address = "IPAddress"
    case aliases = "Aliases"
  }
}

/// What a container is doing.
package struct ContainerState: Sendable, Hashable {
  /// The states of the API.
  package enum Status: String, Sendable, Hashable, Decodable {
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
    package init(from decoder: any Decoder) throws {
      let text = try decoder.singleValueContainer().decode(String.self)
      self = Status(rawValue: text) ?? .other
    }
  }

  /// The state's name.
  package let status: Status
  /// Whether its process exists.
  package let isRunning: Bool
  /// The code of the last exit; zero before the first.
  package let exitCode: Int
  /// Whether the kernel killed it for want of memory.
  package let wasOutOfMemory: Bool
  /// Why the last start failed; empty where it did not.
  package let error: String
  /// The id of its first process on the engine's host; nil while it does not run.
  package let pid: Int?
  /// When it was last started, in RFC 3339 as the engine writes it; nil if never.
  package let startedAt: String?
  /// When it last ended, in RFC 3339 as the engine writes it; nil if never.
  package let finishedAt: String?
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
  package init(from decoder: any Decoder) throws {
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
