package import AppState
package import Containers
package import DockerEngine
import DrydockBase
package import Engines
package import Essentials
package import HealthProbes
package import MonotonicTime
package import Planning

/// Containers of a Docker engine on this machine.
package struct ContainerRuntime: Runtime {
  package let kind = RuntimeKind.docker
  package let client: DockerClient
  package let names: ResourceNames
  package let environment: [String: String]
  /// Where stops are marked.
  package let stateFolder: String
  /// The certificate authority by which a server with accounts proves itself, where nothing is recorded of it. Its port is
  /// a proxy's of the Docker engine, so the kernel cannot tell whose it is.
  package var authorityFile = ""
  /// What the containers go with; nil for those that stay. Such a container has its data in memory, and nobody calls it by
  /// its name.
  package var throwAway: ThrowAway?
  /// What can be made again at any time.
  package var cache = ""
  /// The part of it that is about images: who makes one with data holds a lock there.
  var imageCache: String { "\(cache)/images" }

  /// Where the amended files of an image are kept; nil where there is no cache.
  func keptAmendments(of image: ImageInfo, isFresh: Bool) -> String? {
    guard !cache.isEmpty else { return nil }
    // The number changes with what is amended.
    return "\(imageCache)/amended-1-\(image.id.replacingExactly(":", with: "-"))\(isFresh ? "-fresh" : "")"
  }
  /// Where drydock itself may run.
  package var ownContainer = OwnContainer.ofThisProcess

  /// The containers of an instance whose state lies in a folder.
  package init(client: DockerClient, names: ResourceNames, environment: [String: String], stateFolder: String)
  {
    (self.client, self.names) = (client, names)
    (self.environment, self.stateFolder) = (environment, stateFolder)
  }

  /// The instance's containers, whatever runs in them.
  package var containers: InstanceContainers { InstanceContainers(client: client, names: names.instance) }
  package var soon: Deadline { containers.soon }

  package func stopMark(_ resource: String) -> StopMark {
    StopMark(path: "\(stateFolder)/stop-requested-\(Slug.make(names.stored(resource)))")
  }

  package func observe(_ resources: [String]) async throws -> [String: Observation] {
    let containers = try await client.listContainers(labels: names.labels, until: soon)
    let volumes = try await client.listVolumes(labels: names.labels, until: soon)
    var observed: [String: Observation] = [:]
    for resource in resources {
      let summary = containers.first { $0.labels[ResourceNames.resourceLabel] == names.stored(resource) }
      let container =
        try await summary.asyncMap { try await client.inspectContainer($0.id, until: soon) } ?? nil
      let volume = volumes.first { $0.labels[ResourceNames.resourceLabel] == names.stored(resource) }
      var seen = Observation(
        condition(resource, container), container: summary?.name, hasData: volume != nil,
        dataVersion: volume.flatMap { dataVersion(resource, $0) })
      // A start takes the mark away before the container runs.
      seen.isStopping = seen.isRunning && stopMark(resource).isSet
      seen.isPaused = container?.state.status == .paused
      observed[resource] = seen
    }
    return observed
  }

  /// The version of the server that last served the data, by its own word. The volume's label, which nobody can change, says
  /// what the image called itself when the data was made.
  private func dataVersion(_ resource: String, _ volume: VolumeInfo) -> ServerVersion? {
    let words = [names.servedVersion(resource), volume.labels[ResourceNames.versionLabel]]
    return words.lazy.compactMap { $0.flatMap(ServerVersion.init(in:)) }.first
  }

  private func condition(_ resource: String, _ container: ContainerDetails?) -> Observation.Condition {
    guard let container else { return .absent }
    if container.state.isThere { return .running(since: container.state.startedAt.flatMap(Self.date)) }
    if container.state.status == .created || container.state.wasStopped || stopMark(resource).isSet {
      return .stopped
    }
    return .crashed(container.state.ending)
  }

  /// The engine's times carry nanoseconds, which the parser does not take.
  package static func date(_ text: String) -> Date? {
    try? Date(String(text.prefix(19)) + "Z", strategy: .iso8601)
  }

  package func changedImages(_ specs: [ResourceSpec]) async throws -> [String: String] {
    var reasons: [String: String] = [:]
    for spec in specs where spec.externalURL == nil {
      guard let named = ImageChooser.named(spec, environment),
        let container = try await client.inspectContainer(names.container(spec.name), until: soon),
        container.state.isThere,
        try await client.inspectImage(named, until: soon)?.id != container.imageID
      else { continue }
      reasons[spec.name] = "image \(named) is wanted now"
    }
    return reasons
  }

  package func resolve(_ spec: ResourceSpec, data: ServerVersion?, strict: Bool) async throws -> ServerSource
  {
    guard let engine = spec.engine.server else {
      throw DrydockError(.internalFault, "\(spec.name) has no server")
    }
    guard throwAway == nil || spec.source == nil else {
      throw DrydockError(
        .unavailable, "resource \(spec.name): a read replica that is thrown away runs natively only",
        suggestion: "use --runtime native, or leave it out by --only")
    }
    let chooser = ImageChooser(client: client, environment: environment, deadline: soon) {
      try await ImageVersion(runtime: self, spec: $1, engine: engine).find($0, data: $2)
    }
    let source = try await chooser.choose(spec, engine, data: data, strict: strict)
    if strict { try ImageChooser.refuseDrift(of: source, spec) }
    return source
  }

  package func fetch(
    _ source: ServerSource, for spec: ResourceSpec, data: ServerVersion?, strict: Bool,
    progress: @escaping ProgressSink
  ) async throws -> ServerSource {
    guard let engine = spec.engine.server else { return source }
    return try await ImageFetch(runtime: self, spec: spec, engine: engine, progress: progress)
      .run(source, data: data, strict: strict)
  }

  /// `DRYDOCK_PLATFORM`, for an engine that can run another architecture's images.
  package var platform: Platform? {
    guard let parts = environment["DRYDOCK_PLATFORM"]?.split(separator: "/"), parts.count >= 2 else {
      return nil
    }
    return Platform(os: String(parts[0]), architecture: String(parts[1]))
  }

  package func prepareInstance() async throws {
    if throwAway == nil { try await containers.makeNetwork() }
  }

  package func start(_ launch: Launch, progress: @escaping ProgressSink, until deadline: Deadline)
    async throws
  {
    var launch = launch
    // Fetched before all else, unless something removed the image since or another server is begun with meanwhile.
    launch.source = try await fetch(
      launch.source, for: launch.spec, data: nil, strict: false, progress: progress)
    launch.request.version = launch.source.version ?? launch.request.version
    try await ContainerStart(runtime: self, launch: launch, deadline: deadline, progress: progress).run()
  }

  package func settle(_ launch: Launch) async throws {
    // What is thrown away lies in memory.
    guard !launch.request.isThrowAway else { return }
    try await refuseUnkeptData(of: launch)
    try await emptyFirstFiles(of: launch)
  }

  /// What only the first start of a filled volume was to read.
  private func emptyFirstFiles(of launch: Launch) async throws {
    let files = engine(of: launch).baked(launch.request)?.copy.firstFiles ?? []
    guard !files.isEmpty, try await isFilled(launch.spec.name) else { return }
    let empty = files.map { ContainerFile($0.path, [], mode: 0o444) }
    try await containers.put(
      empty, into: names.container(launch.spec.name), folder: Self.folder, until: soon)
  }

  private func isFilled(_ resource: String) async throws -> Bool {
    let volume = try await client.inspectVolume(names.volume(resource), until: soon)
    return volume?.labels[ResourceNames.filledLabel] != nil
  }

  /// The engine whose image serves a launch.
  func engine(of launch: Launch) -> any ServerEngine {
    launch.source.standIn.flatMap { name in launch.engine.kin.first { $0.product == name } } ?? launch.engine
  }

  private func refuseUnkeptData(of launch: Launch) async throws {
    guard
      let container = try await client.inspectContainer(names.container(launch.spec.name), until: soon),
      let image = try await client.inspectImage(container.imageID, until: soon)
    else { return }
    guard let place = DataPlace(engine(of: launch).container(launch.request), image) else { return }
    let dataGuard = DataGuard(
      place: place, volume: names.volume(launch.spec.name), spec: launch.spec, client: client, deadline: soon)
    guard try await dataGuard.isUnkept(in: container) else { return }
    try await deleteData(launch.spec.name)
    throw dataGuard.unkept(image.repoTags.first ?? image.id)
  }

  package func peerAddress(of launch: Launch) -> (host: String, port: Int) {
    (launch.spec.name, launch.engine.standardPort)
  }

  package func place(of launch: Launch) -> ReplicaPlace { .container(files: "/drydock") }

  package func run(_ script: ReplicaScript, for launch: Launch, until deadline: Deadline) async throws {
    let container = names.container(launch.spec.name)
    try await containers.put(Self.files(script.files), into: container, folder: Self.folder, until: deadline)
    // Its files hold passwords, and go with it, also where this command is killed meanwhile.
    let around = #"sh -c "$0"; code=$?; rm -f "$@"; exit $code"#
    var command = Self.asRoot(["sh", "-c", around, script.text] + script.files.map(\.path))
    command.environment = script.environment.map { "\($0.key)=\($0.value)" }
    let result = try await client.exec(command, in: container, until: deadline)
    guard result.exitCode == 0 else {
      // A server that went away for want of space told its log, and the tool only that it is gone.
      let log = (try? await log(launch.spec.name, lines: 60)) ?? []
      throw CopyFailure.error(
        launch.spec.name, "exit code \(result.exitCode)",
        output: String(decoding: result.stderr, as: UTF8.self),
        isDiskFull: log.contains(where: WriteRemedy.saysDiskIsFull), remedy: await spaceRemedy())
    }
  }

  package func spaceRemedy(of resource: String, holdsData: Bool) async -> String { await spaceRemedy() }

  /// What to do where the engine has no room, for whatever is in it.
  package func spaceRemedy() async -> String {
    WriteRemedy.inDocker(try? await client.info(until: .after(.seconds(5))).dataFolder)
  }

  /// A command as root of the container, whoever the image's own user is: what drydock puts there is root's alone to read
  /// and to remove.
  package static func asRoot(_ words: [String]) -> DockerClient.ExecConfig {
    var config = DockerClient.ExecConfig(words)
    config.user = "0"
    return config
  }

  /// The folder of a container in which drydock's files lie.
  package static let folder = "drydock"

  /// A recipe's files as a container gets them.
  package static func files(_ files: [RecipeFile]) -> [ContainerFile] {
    files.map { ContainerFile($0.path, Array($0.contents.utf8), mode: UInt32($0.mode), owner: $0.owner) }
  }

  package func liveness(_ resource: String) async throws -> Liveness {
    guard let container = try await client.inspectContainer(names.container(resource), until: soon) else {
      return .dead(reason: "its container is gone")
    }
    return container.state.isThere ? .alive : .dead(reason: container.state.ending)
  }

  package func target(_ launch: Launch, administrator: Bool) -> ProbeTarget {
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

  /// The authority by which a server proves itself; nil for one that has no TLS which is spoken today.
  private func provingAuthority(_ launch: Launch) -> String? {
    let version = launch.request.version ?? launch.source.version
    if let version, !launch.engine.provesItself(version) { return nil }
    return launch.request.security?.authorityFile ?? authorityFile
  }

  /// An image's own script makes an account of the administrator's alone, by a temporary server; data that was made once for
  /// all has them before. Where there are no accounts, no image has one.
  package func provisioningGap(of launch: Launch) async throws -> ProvisioningGap {
    guard launch.engine.accounts != nil else { return .none }
    let container = try await client.inspectContainer(names.container(launch.spec.name), until: soon)
    if container?.labels[BakedImages.label] != nil { return .none }
    return try await isFilled(launch.spec.name) ? .none : .accounts
  }

  /// Besides what the server says of itself, the port has to be the container's own.
  package func identity(_ launch: Launch) async throws -> ExpectedIdentity {
    let container = try await client.inspectContainer(names.container(launch.spec.name), until: soon)
    let isOurs = container?.publishedPorts.contains { $0.hostPort == launch.request.port } ?? false
    guard isOurs || container?.state.isRunning != true else {
      throw DrydockError(
        .failed, "resource \(launch.spec.name): its container does not publish port \(launch.request.port)",
        suggestion: "make the container anew: drydock down, drydock up")
    }
    return launch.engine.identity(launch.request, nativeProcessID: nil)
  }

  package func stop(_ resource: String, steps: [StopStage]) async throws {
    let patience = steps.filter { $0.signal != .kill }.reduce(Duration.zero) { $0 + $1.patience }
    try await containers.stop(names.container(resource), patience: patience) { stopMark(resource).set() }
  }

  package func goOn(_ resource: String) async throws {
    try await containers.unpause(names.container(resource))
  }

  /// The same container: it has its image and its files still.
  package func restart(_ launch: Launch, until deadline: Deadline) async throws {
    try await stop(launch.spec.name, steps: launch.engine.stopSteps)
    try stopMark(launch.spec.name).clear()
    try await client.startContainer(names.container(launch.spec.name), until: deadline)
  }

  package func deleteData(_ resource: String) async throws {
    try await containers.remove(names.container(resource))
    // Those of a command that was killed go on with the volume, or keep it from being removed.
    for left in [names.filler(resource), names.copier(resource)] {
      try await containers.remove(left)
    }
    if try await client.inspectVolume(names.volume(resource), until: soon) != nil {
      try await client.removeVolume(names.volume(resource), until: soon)
    }
    try stopMark(resource).clear()
  }

  package func deleteInstance() async throws { try await containers.removeNetwork() }

  package func log(_ resource: String, lines: Int) async throws -> [String] {
    try await containers.log(of: names.container(resource), lines: lines)
  }

  package func follow(
    _ resource: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {
    try await containers.followRuns(of: names.container(resource), lines: lines, each: each)
  }
}
