import AppState
import Containers
import DockerEngine
import DrydockBase
import Engines
package import MonotonicTime
import NativeProcess
import Planning

/// Makes and starts one container: image, network, volume, files.
package struct ContainerStart: Sendable {
  package let runtime: ContainerRuntime
  package let launch: Launch
  package let deadline: Deadline
  package let progress: ProgressSink

  private var client: DockerClient { runtime.client }
  private var names: ResourceNames { runtime.names }
  private var containers: InstanceContainers { runtime.containers }
  private var resource: String { launch.spec.name }

  /// The engine whose image it is.
  private var engine: any ServerEngine {
    launch.source.standIn.flatMap { _ in launch.engine.understudy } ?? launch.engine
  }

  package func run() async throws {
    guard case .image(let reference, _) = launch.source.origin else {
      throw DrydockError(.internalFault, "\(resource) was resolved for another runtime")
    }
    guard let image = try await client.inspectImage(reference, until: deadline) else {
      throw DrydockError(.unavailable, "resource \(resource): the image \(reference) is not there")
    }
    let recipe = engine.container(launch.request)
    let place = DataPlace(recipe, image)
    try await discardUnverifiedData()
    if let baked = try await baked(image) { return try await run(baked) }
    let container = try await container(image, recipe, place)
    try await containers.put(
      ContainerRuntime.files(recipe.files), into: container, folder: ContainerRuntime.folder, until: deadline)
    try await amend(container, image)
    try runtime.stopMark(resource).clear()
    progress("starting")
    try await start(container, place)
  }

  /// An image with the server's data in it, and what is to be done with it; nil where there is none to be had.
  private func baked(_ image: ImageInfo) async throws -> (image: ImageInfo, recipe: BakedRecipe)? {
    guard let throwAway = runtime.throwAway, launch.request.replica == nil,
      let recipe = engine.baked(launch.request)
    else { return nil }
    let version = ImageChooser.version(of: image, engine) ?? launch.request.version
    do {
      let found = try await BakedImages(client).image(
        of: image, engine, recipe, amendments: version.flatMap { engine.imageAmendments($0) },
        locks: "\(runtime.cache)/images", platform: runtime.platform, until: deadline
      ) { container in
        progress("initialising once for all")
        try throwAway.folderGuard.add(container: container, engineSocket: client.endpoint.socketPath)
      }
      return (found, recipe)
    } catch let error where error is DrydockError || error is DockerError {
      // An image of somebody else's may have neither the user nor a shell: its own script knows its ways.
      progress("its data is made anew: \(DrydockError(error).message)")
      return nil
    }
  }

  private func run(_ baked: (image: ImageInfo, recipe: BakedRecipe)) async throws {
    let port = ContainerPort(launch.engine.standardPort)
    var config = ContainerConfig(image: baked.image.id, command: [baked.recipe.serve])
    config.entrypoint = ["sh", "-c"]
    config.user = baked.recipe.user
    config.exposedPorts = [port]
    config.portBindings = [PortBinding(hostPort: launch.request.port, containerPort: port)]
    config.mounts = BakedImages.mounts(over: baked.image)
    config.labels = names.labels(resource)
    try bindToGuard()
    let container = try await containers.ensure(
      names.container(resource), config, platform: runtime.platform, hostname: launch.request.marker,
      sharedMemory: baked.recipe.sharedMemory, until: deadline)
    try await containers.put(
      ContainerRuntime.files(baked.recipe.files), into: container, folder: ContainerRuntime.folder,
      users: BakedImages.users(of: baked.image, baked.recipe), until: deadline)
    try runtime.stopMark(resource).clear()
    progress("starting")
    try await start(container, nil)
  }

  /// Amends files of the image. Where that cannot be done, the server serves all the same.
  private func amend(_ container: String, _ image: ImageInfo) async throws {
    let version = ImageChooser.version(of: image, engine) ?? launch.request.version
    guard let amendments = version.flatMap({ engine.imageAmendments($0) }) else { return }
    do {
      try await ContainerAmendments(
        client: client, container: container, amendments: amendments, isFresh: !launch.hasVerifiedData,
        deadline: deadline
      ).make()
    } catch let error as DockerError {
      progress("its image stays as it is: \(error.message)")
    }
  }

  /// A volume whose data never served a client may be half-made; it is made anew.
  private func discardUnverifiedData() async throws {
    guard !launch.hasVerifiedData else { return }
    try await runtime.deleteData(resource)
  }

  /// The container that is there if it was made from the same configuration, else a new one on the same volume.
  private func container(
    _ image: ImageInfo, _ recipe: ContainerRecipe, _ place: DataPlace?
  ) async throws -> String {
    let wanted = configuration(image, recipe, mountedAt: place?.target)
    let former = configuration(image, recipe, mountedAt: place?.formerTarget)
    let dataGuard = launch.hasVerifiedData ? place.map(guarding) : nil
    try bindToGuard()
    var isNew = false
    let container = try await containers.ensure(
      names.container(resource), wanted, alike: launch.hasVerifiedData ? [former] : [],
      platform: runtime.platform, hostname: launch.request.marker, sharedMemory: recipe.sharedMemory,
      until: deadline
    ) {
      isNew = true
      if place != nil, runtime.throwAway == nil { try await makeVolume(image) }
      try await seed(image, $0)
    } replacing: {
      try await dataGuard?.refuseLoss(with: $0)
    }
    if isNew { try await dataGuard?.refuseFresh(in: container, image.repoTags.first ?? image.id) }
    return container
  }

  /// A container of a throw-away instance goes with that.
  private func bindToGuard() throws {
    guard let throwAway = runtime.throwAway else { return }
    guard launch.request.replica == nil else {
      throw DrydockError(
        .unavailable, "resource \(resource): a read replica that is thrown away runs natively only",
        suggestion: "use --runtime native, or leave it out by --only")
    }
    try throwAway.folderGuard.add(
      container: names.container(resource), engineSocket: client.endpoint.socketPath)
  }

  private func guarding(_ place: DataPlace) -> DataGuard {
    DataGuard(
      place: place, volume: names.volume(resource), spec: launch.spec, client: client, deadline: deadline)
  }

  private func makeVolume(_ image: ImageInfo) async throws {
    let volume = names.volume(resource)
    guard try await client.inspectVolume(volume, until: deadline) == nil else { return }
    var labels = names.labels(resource)
    // Where the image does not say it, its server did.
    let version = ImageChooser.version(of: image, engine) ?? launch.source.version
    labels[ResourceNames.versionLabel] = version?.description
    _ = try await client.createVolume(volume, labels: labels, until: deadline)
  }

  private func configuration(
    _ image: ImageInfo, _ recipe: ContainerRecipe, mountedAt target: String?
  ) -> ContainerConfig {
    let port = ContainerPort(launch.engine.standardPort)
    var config = ContainerConfig(image: image.id, command: recipe.command.isEmpty ? nil : recipe.command)
    config.environment = recipe.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    config.exposedPorts = [port]
    config.portBindings = [PortBinding(hostPort: launch.request.port, containerPort: port)]
    let isThrownAway = runtime.throwAway != nil
    config.network = isThrownAway ? nil : NetworkAttachment(names.network, aliases: [resource])
    config.mounts =
      target.map { target in
        isThrownAway
          ? [.tmpfs(target: target, size: nil)] : [.volume(name: names.volume(resource), target: target)]
      } ?? []
    config.labels = names.labels(resource)
    return config
  }

  /// Fills a replica's new volume from its source, by the engine's own tool in a container that is gone afterwards.
  private func seed(_ image: ImageInfo, _ wanted: ContainerConfig) async throws {
    guard !launch.hasVerifiedData, let link = launch.request.replica,
      let script = launch.replication?.seed(link, .container(files: "/drydock"))
    else { return }
    progress("copying the source")
    var config = ContainerConfig(image: image.id, command: [script.text])
    config.entrypoint = ["sh", "-c"]
    config.environment = script.environment.map { "\($0.key)=\($0.value)" }
    config.mounts = wanted.mounts
    config.network = NetworkAttachment(names.network)
    config.labels = names.labels
    config.user = script.user
    // Readable by the user of the tools alone, whose number differs between images.
    let files = script.files.map { RecipeFile($0.path, $0.contents, mode: 0o400, owner: script.user) }
    let ending = try await containers.runOnce(
      names.container(resource) + "-seed", config, platform: runtime.platform, until: deadline
    ) { container in
      try await containers.put(
        ContainerRuntime.files(files), into: container, folder: ContainerRuntime.folder, until: deadline)
    }
    guard ending.status == 0 else {
      throw CopyFailure.error(resource, "exit code \(ending.status)", output: ending.words)
    }
  }

  private func start(_ container: String, _ place: DataPlace?) async throws {
    do {
      if try await holdsData(container, place) {
        try await client.startContainer(container, until: deadline)
      } else {
        try await containers.start(container, until: deadline)
      }
    } catch let error as DockerError {
      guard case .portTaken = error.code else { throw error }
      throw PortTakenError(port: launch.request.port, owner: HostPort.owner(launch.request.port))
    }
  }

  /// Whether a container that is there has its data in itself, so that it is not to be removed for the sake of a port.
  private func holdsData(_ container: String, _ place: DataPlace?) async throws -> Bool {
    guard launch.hasVerifiedData, let place, place.target != place.formerTarget,
      let details = try await client.inspectContainer(container, until: deadline)
    else { return false }
    return !place.lies(in: names.volume(resource), of: details)
  }
}
