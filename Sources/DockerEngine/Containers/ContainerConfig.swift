/// What a container is to be made of.
package struct ContainerConfig: Sendable, Hashable {
  /// The image's name or id.
  package var image: String
  /// The command; nil for the image's own.
  package var command: [String]?
  /// The entry point; nil for the image's own.
  package var entrypoint: [String]?
  /// Variables, as `NAME=value`.
  package var environment: [String] = []
  /// Labels.
  package var labels: [String: String] = [:]
  /// Ports that the container listens on, beyond those of its bindings.
  package var exposedPorts: [ContainerPort] = []
  /// The user to run as, `name`, `uid` or `uid:gid`; nil for the image's own.
  package var user: String?
  /// The host name inside; nil for the container's short id.
  package var hostname: String?
  /// The working directory; nil for the image's own.
  package var workingDirectory: String?
  /// What is mounted.
  package var mounts: [ContainerMount] = []
  /// Ports published on the host.
  package var portBindings: [PortBinding] = []
  /// The network to attach to; nil for the engine's default bridge.
  package var network: NetworkAttachment?
  /// The signal that stops it, such as `SIGINT`; nil for the image's own.
  package var stopSignal: String?
  /// The seconds between the stop signal and the kill; nil for the engine's default.
  package var stopTimeout: Int?
  /// Where its output is kept.
  package var log = ContainerLog()
  /// The size of `/dev/shm`, in bytes; nil for the engine's default of 64 MiB.
  package var sharedMemory: Int?
  /// The most memory it may use, in bytes; nil for no limit.
  package var memory: Int?
  /// Whether the engine's init process runs as process 1 and reaps.
  package var hasInit = false
  /// Capabilities added to the default set, such as `SYS_NICE`.
  package var addedCapabilities: [String] = []
  /// Capabilities taken from the default set.
  package var droppedCapabilities: [String] = []
  /// Whether the process gets a terminal; its output is then one stream.
  package var hasTerminal = false
  /// Whether its standard input stays open for whoever attaches.
  package var keepsInputOpen = false

  /// Whether it may do on the host whatever the engine's user may.
  package var isPrivileged = false
  /// Its share of the processors where they are short, 1024 for one; nil for the engine's default.
  package var processorShares: Int?
  /// The processor time that it gets at most, 1024 for one processor; nil for no limit.
  package var processorQuota: Int?
  /// How many files its processes may have open, soft and hard; nil for the engine's default.
  package var openFiles: Int?

  /// A container of an image with everything else at its default. Its health check is always off, and it is
  /// never restarted by the engine.
  package init(image: String, command: [String]? = nil) {
    self.image = image
    self.command = command
  }
}

/// A port inside a container.
package struct ContainerPort: Sendable, Hashable, CustomStringConvertible {
  /// The port's number.
  package let number: Int
  /// `tcp` or `udp`.
  package let transport: String

  /// A port by number.
  package init(_ number: Int, transport: String = "tcp") {
    self.number = number
    self.transport = transport
  }

  /// A port as the API writes it, `5432/tcp`; nil for any other text.
  package init?(_ text: String) {
    let parts = text.split(separator: "/")
    guard let first = parts.first, let number = Int(first), parts.count <= 2 else { return nil }
    self.init(number, transport: parts.count == 2 ? String(parts[1]) : "tcp")
  }

  /// The port as the API writes it.
  package var description: String { "\(number)/\(transport)" }
}

/// A container's port published on the host.
package struct PortBinding: Sendable, Hashable {
  /// The host's address.
  package let hostIP: String
  /// The host's port; zero lets the engine choose one at each start.
  package let hostPort: Int
  /// The port inside.
  package let containerPort: ContainerPort

  /// A binding on the loopback address unless another is given.
  package init(hostIP: String = "127.0.0.1", hostPort: Int, containerPort: ContainerPort) {
    self.hostIP = hostIP
    self.hostPort = hostPort
    self.containerPort = containerPort
  }
}

/// Something mounted into a container.
package enum ContainerMount: Sendable, Hashable {
  /// A named volume.
  case volume(name: String, target: String)
  /// A file or directory of the host, which has to exist.
  case bind(source: String, target: String, readOnly: Bool)
  /// A file system in memory; the size in bytes, nil for half of the memory.
  case tmpfs(target: String, size: Int?)

  /// Where it lies in the container.
  package var target: String {
    switch self {
    case .volume(_, let target), .bind(_, let target, _), .tmpfs(let target, _): target
    }
  }
}

/// A network and the names that others find the container under.
package struct NetworkAttachment: Sendable, Hashable {
  /// The network's name or id.
  package let network: String
  /// Host names inside the network.
  package let aliases: [String]

  /// No network but the container's own loopback, which takes less time to make than any.
  package static let isolated = NetworkAttachment("none")

  /// An attachment to a network.
  package init(_ network: String, aliases: [String] = []) {
    self.network = network
    self.aliases = aliases
  }
}

/// Where a container's output is kept: JSON files on the host, rotated.
package struct ContainerLog: Sendable, Hashable {
  /// The size at which a file is rotated, in bytes.
  package let maxSize: Int
  /// How many files are kept.
  package let maxFiles: Int

  /// A bound of 10 MiB in each of two files unless others are given.
  package init(maxSize: Int = 10 << 20, maxFiles: Int = 2) {
    self.maxSize = maxSize
    self.maxFiles = maxFiles
  }
}
