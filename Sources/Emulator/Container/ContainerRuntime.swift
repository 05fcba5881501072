import DockerEngine
import DrydockBase
import Engines
import Foundation
import HealthProbes
import MonotonicTime

/// Containers of a Docker engine on this machine.
struct ContainerRuntime: Runtime {
  let kind = RuntimeKind.docker
  let client: DockerClient
  let names: ContainerNames
  let environment: [String: String]
  /// Where stops are marked.
  let stateFolder: String
  /// The certificate authority by which a server with accounts proves itself, where nothing is recorded of it. Its port is
  /// a proxy's of the Docker engine, so the kernel cannot tell whose it is.
  var authorityFile = ""

  /// How long one small call to the engine may take.
  static let callLimit = Duration.seconds(30)
  var soon: Deadline { .after(Self.callLimit) }

  func stopMark(_ resource: String) -> StopMark {
    StopMark(path: "\(stateFolder)/stop-requested-\(Slug.make(names.stored(resource)))")
  }

  func observe(_ resources: [String]) async throws -> [String: Observation] {
    let containers = try await client.listContainers(labels: names.labels, until: soon)
    let volumes = try await client.listVolumes(labels: names.labels, until: soon)
    var observed: [String: Observation] = [:]
    for resource in resources {
      let container = containers.first {
        $0.labels[ContainerNames.resourceLabel] == names.stored(resource)
      }
      let volume = volumes.first { $0.labels[ContainerNames.resourceLabel] == names.stored(resource) }
      var seen = Observation(
        try await condition(resource, container), container: container?.name, hasData: volume != nil,
        dataVersion: volume?.labels[ContainerNames.versionLabel].flatMap(ServerVersion.init(in:)))
      // A start takes the mark away before the container runs.
      seen.isStopping = seen.isRunning && stopMark(resource).isSet
      observed[resource] = seen
    }
    return observed
  }

  private func condition(_ resource: String, _ summary: ContainerSummary?) async throws
    -> Observation.Condition
  {
    guard let summary, let container = try await client.inspectContainer(summary.id, until: soon) else {
      return .absent
    }
    if container.state.isRunning { return .running(since: container.state.startedAt.flatMap(Self.date)) }
    if container.state.status == .created || stopMark(resource).isSet { return .stopped }
    return .crashed(Self.ending(container.state))
  }

  /// How a container ended, in words. A status above 128 is a signal, as for shells.
  static func ending(_ state: ContainerState) -> String {
    if state.wasOutOfMemory { return "out of memory" }
    if !state.error.isEmpty { return state.error }
    return state.exitCode > 128 ? "signal \(state.exitCode - 128)" : "exit code \(state.exitCode)"
  }

  /// The engine's times carry nanoseconds, which the parser does not take.
  static func date(_ text: String) -> Date? {
    try? Date(String(text.prefix(19)) + "Z", strategy: .iso8601)
  }

  func resolve(_ spec: ResourceSpec, data: ServerVersion?, strict: Bool) async throws -> ServerSource {
    guard let engine = spec.engine.server else {
      throw DrydockError(.internalFault, "\(spec.name) has no server")
    }
    let chooser = ImageChooser(client: client, environment: environment, deadline: soon)
    let source = try await chooser.choose(spec, engine, data: data, strict: strict)
    if strict, let drift = source.drift {
      throw DrydockError(
        .unavailable, "resource \(spec.name): \(drift)",
        suggestion:
          "name an image by DRYDOCK_IMAGE_\(spec.product.uppercased()), or leave --strict-version out")
    }
    return source
  }

  /// Makes the instance's network. Names of networks are not unique, so this is done once and under the lock.
  func prepareInstance() async throws {
    if try await client.inspectNetwork(names.network, until: soon) == nil {
      _ = try await client.createNetwork(names.network, labels: names.labels, until: soon)
    }
  }

  func start(_ launch: Launch, progress: @escaping ProgressSink, until deadline: Deadline) async throws {
    try await ContainerStart(runtime: self, launch: launch, deadline: deadline, progress: progress).run()
  }

  func peerAddress(of launch: Launch) -> (host: String, port: Int) {
    (launch.spec.name, launch.engine.standardPort)
  }

  func place(of launch: Launch) -> ReplicaPlace { .container(files: "/drydock") }

  func run(_ script: ReplicaScript, for launch: Launch, until deadline: Deadline) async throws {
    let container = names.container(launch.spec.name)
    try await client.putArchive(Self.archive(script.files), into: container, path: "/", until: deadline)
    var command = DockerClient.ExecConfig(["sh", "-c", script.text])
    command.environment = script.environment.map { "\($0.key)=\($0.value)" }
    let result = try await client.exec(command, in: container, until: deadline)
    guard result.exitCode == 0 else {
      let words = String(decoding: result.stderr, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(8)
      throw DrydockError(
        .failed, "resource \(launch.spec.name): copying the source failed with exit code \(result.exitCode)",
        details: words.map(String.init))
    }
  }

  /// Files for a container, below `/`, each with its owner. One whose owner the image does not know is readable
  /// for everyone in the container.
  func archive(_ files: [RecipeFile], for container: String, until deadline: Deadline) async throws
    -> [UInt8]
  {
    guard files.contains(where: { $0.owner != nil }) else { return try Self.archive(files) }
    let users = try await ImageUsers.read(in: container, client, until: deadline)
    return try Self.archive(files, users)
  }

  /// Files for a container, below `/`.
  static func archive(_ files: [RecipeFile], _ users: ImageUsers = ImageUsers(passwd: "")) throws -> [UInt8] {
    var archive = TarArchive()
    try archive.addDirectory("drydock")
    for file in files {
      let user = file.owner.flatMap { users[$0] }
      let mode = UInt32(file.mode) | (file.owner != nil && user == nil ? 0o444 : 0)
      try archive.addFile(
        String(file.path.dropFirst()), mode: mode, uid: user?.id ?? 0, gid: user?.group ?? 0,
        bytes: Array(file.contents.utf8))
    }
    return archive.bytes
  }

  func liveness(_ resource: String) async throws -> Liveness {
    guard let container = try await client.inspectContainer(names.container(resource), until: soon) else {
      return .dead(reason: "its container is gone")
    }
    return container.state.isRunning ? .alive : .dead(reason: Self.ending(container.state))
  }

  func target(_ launch: Launch, administrator: Bool) -> ProbeTarget {
    guard let accounts = launch.engine.accounts else {
      return launch.targetWithoutAccounts
    }
    return ProbeTarget(
      host: "127.0.0.1", port: launch.request.port,
      user: administrator ? accounts.containerAdministrator : EngineAccounts.app,
      password: administrator ? launch.request.administratorPassword : launch.request.password,
      database: administrator ? accounts.maintenanceDatabase : EngineAccounts.app,
      authorityFile: provingAuthority(launch))
  }

  /// The authority by which a server proves itself. MySQL before 5.7 has no TLS that is spoken today: from that one a
  /// password is kept by its way to log in, which shows no more than a hash.
  private func provingAuthority(_ launch: Launch) -> String? {
    let version = launch.request.version ?? launch.source.version
    if launch.engine.product == "mysql", let version, version.parts.lexicographicallyPrecedes([5, 7]) {
      return nil
    }
    return launch.request.security?.authorityFile ?? authorityFile
  }

  /// Besides what the server says of itself, the port has to be the container's own.
  func identity(_ launch: Launch) async throws -> ExpectedIdentity {
    let container = try await client.inspectContainer(names.container(launch.spec.name), until: soon)
    let isOurs = container?.publishedPorts.contains { $0.hostPort == launch.request.port } ?? false
    guard isOurs || container?.state.isRunning != true else {
      throw DrydockError(
        .failed, "resource \(launch.spec.name): its container does not publish port \(launch.request.port)",
        suggestion: "make the container anew: drydock down, drydock up")
    }
    return launch.engine.identity(launch.request, nativeProcessID: nil)
  }

  func stop(_ resource: String, steps: [StopStage]) async throws {
    let name = names.container(resource)
    guard let container = try await client.inspectContainer(name, until: soon), container.state.isRunning
    else { return }
    stopMark(resource).set()
    let patience = steps.filter { $0.signal != .kill }.reduce(Duration.zero) { $0 + $1.patience }
    try await client.stopContainer(
      name, timeout: Int(patience.components.seconds), until: .after(patience + Self.callLimit))
  }

  /// The same container: it has its image and its files still.
  func restart(_ launch: Launch, until deadline: Deadline) async throws {
    try await stop(launch.spec.name, steps: launch.engine.stopSteps)
    try stopMark(launch.spec.name).clear()
    try await client.startContainer(names.container(launch.spec.name), until: deadline)
  }

  func deleteData(_ resource: String) async throws {
    if try await client.inspectContainer(names.container(resource), until: soon) != nil {
      try await client.removeContainer(names.container(resource), force: true, volumes: true, until: soon)
    }
    if try await client.inspectVolume(names.volume(resource), until: soon) != nil {
      try await client.removeVolume(names.volume(resource), until: soon)
    }
    try stopMark(resource).clear()
  }

  func deleteInstance() async throws {
    guard let network = try await client.inspectNetwork(names.network, until: soon) else { return }
    for id in network.containers { try await release(id) }
    try await client.removeNetwork(names.network, until: soon)
  }

  /// Takes a linked resource, which goes on without this instance, out of its network.
  private func release(_ id: String) async throws {
    let container = try await client.inspectContainer(id, until: soon)
    guard let owner = container?.labels[ContainerNames.instanceLabel], owner != names.id else { return }
    try await client.disconnect(id, from: names.network, until: soon)
  }
}
