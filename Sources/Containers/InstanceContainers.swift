package import DockerEngine
import DrydockBase
package import MonotonicTime

/// The containers of one app instance, whatever runs in them. A container is known by its name and its labels; nothing
/// is remembered.
package struct InstanceContainers: Sendable {
  /// The engine in which they are.
  package let client: DockerClient
  /// What they are called.
  package let names: ContainerNames

  /// The containers of an instance.
  package init(client: DockerClient, names: ContainerNames) {
    self.client = client
    self.names = names
  }

  /// How long one small call to the engine may take.
  package static let callLimit = Duration.seconds(30)
  /// The deadline of one that begins now.
  package var soon: Deadline { .after(Self.callLimit) }

  // MARK: Network

  /// Makes the instance's network. Names of networks are not unique, so this is done under the instance's lock.
  package func makeNetwork() async throws {
    if try await client.inspectNetwork(names.network, until: soon) == nil {
      _ = try await client.createNetwork(names.network, labels: names.labels, until: soon)
    }
  }

  /// Removes the instance's network, if it is there. Another instance's containers in it go on without it.
  package func removeNetwork() async throws {
    guard let network = try await client.inspectNetwork(names.network, until: soon) else { return }
    for id in network.containers { try await release(id) }
    try await client.removeNetwork(names.network, until: soon)
  }

  /// The same, unless containers of the instance run in it.
  package func removeIdleNetwork() async throws {
    guard let network = try await client.inspectNetwork(names.network, until: soon) else { return }
    for id in network.containers where try await owner(of: id) == names.id { return }
    try await removeNetwork()
  }

  private func owner(of id: String) async throws -> String? {
    try await client.inspectContainer(id, until: soon)?.labels[ContainerNames.instanceLabel]
  }

  private func release(_ id: String) async throws {
    guard let owner = try await owner(of: id), owner != names.id else { return }
    try await client.disconnect(id, from: names.network, until: soon)
  }

  /// An engine does not start a container that was in a network which is gone, or was made anew under its name.
  private func mendNetworks(
    of container: ContainerDetails, _ wanted: NetworkAttachment?, until deadline: Deadline
  ) async throws {
    for (name, place) in container.networks {
      let network = try await client.inspectNetwork(name, until: deadline)
      // Without an id it never started there.
      let known = place.networkID.flatMap { $0.isEmpty ? nil : $0 }
      guard network == nil || network?.id != known ?? network?.id else { continue }
      try await client.disconnect(container.id, from: name, until: deadline)
      guard let wanted, name == wanted.network else { continue }
      try await client.connect(container.id, to: wanted, until: deadline)
    }
  }

  // MARK: Containers

  /// Brings a container about: the one that is there if it was made from the same configuration, else a new one in its
  /// place. It does not run by that.
  ///
  /// A new one in another's place has that one's host name, as servers name files in their data after it.
  /// - Parameters:
  ///   - config: What it is made from, with its labels; that of the configuration is added.
  ///   - alike: Other configurations of which one that is there does as well.
  ///   - hostname: The host name of one that takes no other's place; no part of the configuration.
  ///   - sharedMemory: The size of `/dev/shm` in a new one, in bytes; no part of the configuration, so that none is made anew
  ///     for its sake.
  ///   - prepare: Called before a new one is made, with its whole configuration.
  ///   - replacing: Called with the one that is there before it is removed.
  /// - Returns: The container's id.
  /// - Throws: `DockerError`.
  package func ensure(
    _ name: String, _ config: ContainerConfig, alike: [ContainerConfig] = [], platform: Platform? = nil,
    hostname: String? = nil, sharedMemory: Int? = nil, until deadline: Deadline,
    prepare: (ContainerConfig) async throws -> Void = { _ in },
    replacing: (ContainerDetails) async throws -> Void = { _ in }
  ) async throws -> String {
    var config = config
    let fingerprint = config.fingerprint
    config.labels[ContainerNames.configurationLabel] = fingerprint
    if let existing = try await client.inspectContainer(name, until: deadline) {
      let fitting = [fingerprint] + alike.map(\.fingerprint)
      if existing.labels[ContainerNames.configurationLabel].map({ fitting.contains($0) }) == true {
        try await mendNetworks(of: existing, config.network, until: deadline)
        return existing.id
      }
      try await replacing(existing)
      // Its nameless volumes with it; what is kept has a name.
      try await client.removeContainer(existing.id, force: true, volumes: true, until: deadline)
      config.hostname = config.hostname ?? existing.hostname
    }
    config.hostname = config.hostname ?? hostname
    config.sharedMemory = config.sharedMemory ?? sharedMemory
    try await prepare(config)
    return try await client.createContainer(name: name, config, platform: platform, until: deadline)
  }

  /// Starts a container.
  /// - Throws: `DockerError`; where a port is taken the container is removed, since the engine has noted the port in it.
  package func start(_ container: String, until deadline: Deadline) async throws {
    do {
      try await client.startContainer(container, until: deadline)
    } catch let error as DockerError {
      if case .portTaken = error.code {
        try await client.removeContainer(container, force: true, until: deadline)
      }
      throw error
    }
  }

  /// Puts files into a container that need not run, below `/`.
  /// - Parameters:
  ///   - folder: A folder of root's, made for them.
  ///   - users: The image's users; nil where they have to be read.
  package func put(
    _ files: [ContainerFile], into container: String, folder: String, users known: ImageUsers? = nil,
    until deadline: Deadline
  ) async throws {
    var users = known ?? ImageUsers(passwd: "")
    if known == nil, files.contains(where: { $0.owner != nil }) {
      users = try await ImageUsers.read(in: container, client, until: deadline)
    }
    let archive = try TarArchive(files, folder: folder, users)
    try await client.putArchive(archive.bytes, into: container, path: "/", until: deadline)
  }

  /// Stops a container that runs.
  /// - Parameters:
  ///   - patience: How long it has before it is killed.
  ///   - willStop: Called first, if it runs.
  package func stop(
    _ container: String, patience: Duration, willStop: () throws -> Void = {}
  ) async throws {
    guard let found = try await client.inspectContainer(container, until: soon), found.state.isThere else {
      return
    }
    try willStop()
    // Frozen, it would not hear of it.
    if found.state.status == .paused { try await client.unpauseContainer(container, until: soon) }
    try await client.stopContainer(
      container, timeout: Int(patience.components.seconds), until: .after(patience + Self.callLimit))
  }

  /// Lets a container go on if it is paused.
  package func unpause(_ container: String) async throws {
    guard let found = try await client.inspectContainer(container, until: soon), found.state.status == .paused
    else { return }
    try await client.unpauseContainer(container, until: soon)
  }

  /// Removes a container, running or not; one that is not there is fine.
  package func remove(_ container: String) async throws {
    guard try await client.inspectContainer(container, until: soon) != nil else { return }
    try await client.removeContainer(container, force: true, volumes: true, until: soon)
  }

  /// Removes every container of one kind: what the instance has of it by the labels, under whatever names.
  package func removeAll(_ kind: ContainerKind) async throws {
    for container in try await client.listContainers(labels: names.labels, until: soon)
    where container.labels[kind.label] != nil {
      try await client.removeContainer(container.id, force: true, volumes: true, until: soon)
    }
  }
}

extension ContainerConfig {
  /// A hash over everything that a container cannot change once it is made. Containers that exist carry it, so that what
  /// goes into it stays as it is, byte for byte; what resources' containers never had counts where it is set.
  fileprivate var fingerprint: String {
    let parts =
      [image] + (command ?? []) + environment + portBindings.map { "\($0.hostPort)" } + mounts.map { "\($0)" }
      + (network?.aliases ?? [])
    let further: [(name: String, value: String?)] = [
      ("entrypoint", entrypoint.map { "\($0)" }), ("user", user), ("hostname", hostname),
      ("directory", workingDirectory), ("signal", stopSignal), ("patience", stopTimeout.map { "\($0)" }),
      ("shm", sharedMemory.map { "\($0)" }), ("memory", memory.map { "\($0)" }),
      ("init", hasInit ? "yes" : nil),
      ("terminal", hasTerminal ? "yes" : nil), ("input", keepsInputOpen ? "open" : nil),
      ("capabilities", addedCapabilities.isEmpty ? nil : "\(addedCapabilities)"),
      ("without", droppedCapabilities.isEmpty ? nil : "\(droppedCapabilities)"),
      ("privileged", isPrivileged ? "yes" : nil), ("shares", processorShares.map { "\($0)" }),
      ("quota", processorQuota.map { "\($0)" }),
      ("files", openFiles.map { "\($0)" }),
    ]
    let set = further.compactMap { part in part.value.map { "\(part.name)=\($0)" } }
    return shortHash((parts + set).joined(separator: "\n"))
  }
}
