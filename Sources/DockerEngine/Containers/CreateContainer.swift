/// The body of `POST /containers/create`.
struct CreateContainer: Encodable {
  let config: ContainerConfig

  private enum Keys: String, CodingKey {
    case image = "Image"
    case command = "Cmd"
    case entrypoint = "Entrypoint"
    case environment = "Env"
    case labels = "Labels"
    case exposedPorts = "ExposedPorts"
    case user = "User"
    case hostname = "Hostname"
    case workingDirectory = "WorkingDir"
    case stopSignal = "StopSignal"
    case stopTimeout = "StopTimeout"
    case healthcheck = "Healthcheck"
    case tty = "Tty"
    case openStdin = "OpenStdin"
    case hostConfig = "HostConfig"
    case networkingConfig = "NetworkingConfig"
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Keys.self)
    try values.encode(config.image, forKey: .image)
    try values.encodeIfPresent(config.command, forKey: .command)
    try values.encodeIfPresent(config.entrypoint, forKey: .entrypoint)
    try values.encode(config.environment, forKey: .environment)
    try values.encode(config.labels, forKey: .labels)
    try values.encode(exposedPorts, forKey: .exposedPorts)
    try values.encodeIfPresent(config.user, forKey: .user)
    try values.encodeIfPresent(config.hostname, forKey: .hostname)
    try values.encodeIfPresent(config.workingDirectory, forKey: .workingDirectory)
    try values.encodeIfPresent(config.stopSignal, forKey: .stopSignal)
    try values.encodeIfPresent(config.stopTimeout, forKey: .stopTimeout)
    // An image's own health check would run beside our probes and prove less.
    try values.encode(["Test": ["NONE"]], forKey: .healthcheck)
    try values.encode(config.hasTerminal, forKey: .tty)
    if config.keepsInputOpen { try values.encode(true, forKey: .openStdin) }
    try values.encode(HostConfig(config), forKey: .hostConfig)
    let network = config.network == .isolated ? nil : config.network
    try values.encodeIfPresent(network.map(NetworkingConfig.init), forKey: .networkingConfig)
  }

  private var exposedPorts: [String: Empty] {
    let ports = config.exposedPorts + config.portBindings.map(\.containerPort)
    return Dictionary(ports.map { ($0.description, Empty()) }) { first, _ in first }
  }
}

/// The part of a container's creation that is about the host. Nil members are left out of the JSON.
private struct HostConfig: Encodable {
  let mounts: [Mount]
  let portBindings: [String: [HostPort]]
  let networkMode: String?
  let restartPolicy = ["Name": "no"]
  let logConfig: LogConfig
  let shmSize: Int?
  let memory: Int?
  let usesInit: Bool
  let capAdd: [String]
  let capDrop: [String]
  let isPrivileged: Bool?
  let processorShares: Int?
  let processorPeriod: Int?
  let processorQuota: Int?
  let limits: [Limit]?

  init(_ config: ContainerConfig) {
    mounts = config.mounts.map(Mount.init)
    portBindings = Dictionary(grouping: config.portBindings, by: \.containerPort.description)
      .mapValues { $0.map { HostPort(ip: $0.hostIP, port: $0.hostPort == 0 ? "" : String($0.hostPort)) } }
    networkMode = config.network?.network
    logConfig = LogConfig(config.log)
    shmSize = config.sharedMemory
    memory = config.memory
    usesInit = config.hasInit
    capAdd = config.addedCapabilities
    capDrop = config.droppedCapabilities
    isPrivileged = config.isPrivileged ? true : nil
    processorShares = config.processorShares
    // In microseconds; the kernel takes no quota below a thousand.
    let period = 100_000
    processorPeriod = config.processorQuota.map { _ in period }
    processorQuota = config.processorQuota.map { max(1000, min($0, 1 << 20) * period / 1024) }
    limits = config.openFiles.map { [Limit(name: "nofile", soft: $0, hard: $0)] }
  }

  enum CodingKeys: String, CodingKey {
    case mounts = "Mounts"
    case portBindings = "PortBindings"
    case networkMode = "NetworkMode"
    case restartPolicy = "RestartPolicy"
    case logConfig = "LogConfig"
    case shmSize = "ShmSize"
    case memory = "Memory"
    case usesInit = "Init"
    case capAdd = "CapAdd"
    case capDrop = "CapDrop"
    case isPrivileged = "Privileged"
    case processorShares = "CpuShares"
    case processorPeriod = "CpuPeriod"
    case processorQuota = "CpuQuota"
    case limits = "Ulimits"
  }

  struct Limit: Encodable {
    let name: String
    let soft: Int
    let hard: Int

    enum CodingKeys: String, CodingKey {
      case name = "Name"
      case soft = "Soft"
      case hard = "Hard"
    }
  }

  struct HostPort: Encodable {
    let ip: String
    let port: String

    enum CodingKeys: String, CodingKey {
      case ip = "HostIp"
      case port = "HostPort"
    }
  }

  struct LogConfig: Encodable {
    let type = "json-file"
    let options: [String: String]

    init(_ log: ContainerLog) {
      options = ["max-size": String(log.maxSize), "max-file": String(log.maxFiles)]
    }

    enum CodingKeys: String, CodingKey {
      case type = "Type"
      case options = "Config"
    }
  }

  struct Mount: Encodable {
    var type: String
    var source: String?
    var target: String
    var readOnly: Bool?
    var tmpfs: [String: Int]?

    init(_ mount: ContainerMount) {
      switch mount {
      case .volume(let name, let target): (type, source, self.target) = ("volume", name, target)
      case .bind(let source, let target, let readOnly):
        (type, self.source, self.target, self.readOnly) = ("bind", source, target, readOnly)
      case .tmpfs(let target, let size):
        (type, self.target, tmpfs) = ("tmpfs", target, size.map { ["SizeBytes": $0] })
      }
    }

    enum CodingKeys: String, CodingKey {
      case type = "Type"
      case source = "Source"
      case target = "Target"
      case readOnly = "ReadOnly"
      case tmpfs = "TmpfsOptions"
    }
  }
}

/// The networks of a container at its creation.
private struct NetworkingConfig: Encodable {
  let endpoints: [String: EndpointSettings]

  init(_ attachment: NetworkAttachment) {
    endpoints = [attachment.network: EndpointSettings(aliases: attachment.aliases)]
  }

  enum CodingKeys: String, CodingKey {
    case endpoints = "EndpointsConfig"
  }
}

/// A container's place in one network.
struct EndpointSettings: Encodable {
  let aliases: [String]

  enum CodingKeys: String, CodingKey {
    case aliases = "Aliases"
  }
}
