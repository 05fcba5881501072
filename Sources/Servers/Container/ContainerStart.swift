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
  private var engine: any ServerEngine { runtime.engine(of: launch) }

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
    let baked = try await baked(image, place)
    if runtime.throwAway != nil, let baked { return try await run(baked) }
    do {
      try await start(image, recipe, place, baked)
    } catch let failure as FillFailure {
      // Its own way takes as much room.
      guard !failure.isDiskFull else {
        throw DrydockError(
          .cannotWrite, "resource \(resource): no space is left for its data",
          suggestion: await runtime.spaceRemedy(), details: failure.reason.lastLines)
      }
      progress("its image makes its data: \(failure.reason.lastLines.last ?? "")")
      try await runtime.deleteData(resource)
      try await start(image, recipe, place, nil)
    }
  }

  /// Makes the container and all that its server needs, and starts it.
  /// - Parameter baked: What a new volume is filled from; nil where the image makes its data itself.
  private func start(
    _ image: ImageInfo, _ recipe: ContainerRecipe, _ place: DataPlace?, _ baked: Baked?
  ) async throws {
    let made = try await container(image, recipe, place, baked)
    let files = recipe.files + (baked?.recipe.copy.firstFiles ?? [])
    async let filled: Void = fill(place, baked)
    try await containers.put(
      ContainerRuntime.files(files), into: made.id, folder: ContainerRuntime.folder,
      users: baked.flatMap { BakedImages.users(of: $0.image, $0.recipe) }, until: deadline)
    try await amend(made, image)
    try await filled
    try runtime.stopMark(resource).clear()
    progress("starting")
    try await start(made.id, place)
  }

  /// An image with the server's data in it, and what is to be done with it.
  private typealias Baked = (image: ImageInfo, recipe: BakedRecipe)

  /// The one for new data; nil where there is none to be had.
  private func baked(_ image: ImageInfo, _ place: DataPlace?) async throws -> Baked? {
    guard !launch.hasVerifiedData, launch.request.replica == nil, place != nil,
      let recipe = engine.baked(launch.request)
    else { return nil }
    let images = BakedImages(client)
    let version = ImageChooser.version(of: image, engine) ?? launch.request.version
    do {
      // Data that stays is made by the image itself in the time that it takes to make it for the next one too.
      if runtime.throwAway == nil, runtime.environment.isContinuousIntegration {
        return try await images.existing(of: image, engine, recipe, until: deadline).map { ($0, recipe) }
      }
      return try await images.image(
        of: image, engine, recipe, amendments: version.flatMap { engine.imageAmendments($0) },
        locks: runtime.imageCache, platform: runtime.platform, until: deadline
      ) { container in
        progress("initialising once for all")
        try runtime.throwAway?.folderGuard.add(container: container, engineSocket: client.endpoint.socketPath)
      }.map { ($0, recipe) }
    } catch let error where error is DrydockError || error is DockerError {
      // An image of somebody else's may have neither the user nor a shell: its own script knows its ways.
      // An image with data takes more room than the data, so that there may be enough for that.
      progress("its image makes its data: \(DrydockError(error).message)")
      return nil
    }
  }

  /// Why a volume was not filled.
  private struct FillFailure: Error {
    let reason: String
    var isDiskFull: Bool { WriteRemedy.saysDiskIsFull(reason) }
  }

  /// Fills the new volume with data that was made once for all, and makes that the request's own.
  private func fill(_ place: DataPlace?, _ baked: Baked?) async throws {
    guard let place, let baked else { return }
    progress("copying its data")
    let copy = baked.recipe.copy
    var config = ContainerConfig(
      image: baked.image.id,
      command: [
        """
        set -e
        data=$0
        mkdir -p "$data"
        chmod 700 "$data"
        cp -a \(BakedRecipe.data)/. "$data"/
        \(copy.script ?? "")
        """, place.directory,
      ])
    config.entrypoint = ["sh", "-c"]
    config.user = baked.recipe.user
    config.mounts =
      [.volume(name: names.volume(resource), target: place.target)]
      + BakedImages.mounts(over: baked.image).filter { $0.target != place.target }
    config.network = .isolated
    config.labels = names.labels
    let ending: (status: Int, words: String)
    do {
      ending = try await containers.runOnce(
        names.filler(resource), config, platform: runtime.platform, until: deadline
      ) { container in
        guard !copy.files.isEmpty else { return }
        try await containers.put(
          ContainerRuntime.files(copy.files), into: container, folder: ContainerRuntime.folder,
          users: BakedImages.users(of: baked.image, baked.recipe), until: deadline)
      }
    } catch let error as DockerError {
      throw FillFailure(reason: error.message)
    }
    guard ending.status == 0 else {
      throw FillFailure(reason: "exit code \(ending.status)\n\(ending.words)")
    }
  }

  private func run(_ baked: Baked) async throws {
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
  private func amend(_ container: Made, _ image: ImageInfo) async throws {
    let version = ImageChooser.version(of: image, engine) ?? launch.request.version
    guard let amendments = version.flatMap({ engine.imageAmendments($0) }) else { return }
    let isFresh = !launch.hasVerifiedData
    let amending = ContainerAmendments(
      client: client, container: container.id, amendments: amendments, isFresh: isFresh,
      kept: runtime.keptAmendments(of: image, isFresh: isFresh), deadline: deadline)
    do {
      if container.isNew, try await amending.makeAsKept() { return }
      try await amending.make()
    } catch let error as DockerError {
      progress("its image stays as it is: \(error.message)")
    }
  }

  /// A volume whose data never served a client may be half-made; it is made anew.
  private func discardUnverifiedData() async throws {
    guard !launch.hasVerifiedData else { return }
    try await runtime.deleteData(resource)
  }

  /// A container, and whether it was just made.
  private typealias Made = (id: String, isNew: Bool)

  /// The container that is there if it was made from the same configuration, else a new one on the same volume.
  private func container(
    _ image: ImageInfo, _ recipe: ContainerRecipe, _ place: DataPlace?, _ baked: Baked?
  ) async throws -> Made {
    let first = baked?.recipe.copy.firstOptions ?? []
    let makesData = !launch.hasVerifiedData && baked == nil && launch.request.replica == nil
    let wanted = configuration(
      image, recipe, mountedAt: place?.target, first: first, makesData: makesData)
    let former = configuration(image, recipe, mountedAt: place?.formerTarget)
    // Its first start is behind it, and what that read is empty.
    let filled = configuration(
      image, recipe, mountedAt: place?.target, first: engine.baked(launch.request)?.copy.firstOptions ?? [])
    let made = configuration(image, recipe, mountedAt: place?.target, makesData: true)
    let dataGuard = launch.hasVerifiedData ? place.map(guarding) : nil
    try bindToGuard()
    var isNew = false
    let container = try await containers.ensure(
      names.container(resource), wanted, alike: launch.hasVerifiedData ? [former, filled, made] : [],
      platform: runtime.platform, hostname: launch.request.marker, sharedMemory: recipe.sharedMemory,
      until: deadline
    ) {
      isNew = true
      if place != nil, runtime.throwAway == nil { try await makeVolume(image, baked) }
      try await seed(image, $0)
    } replacing: {
      try await dataGuard?.refuseLoss(with: $0)
    }
    if isNew { try await dataGuard?.refuseFresh(in: container, image.repoTags.first ?? image.id) }
    return (container, isNew)
  }

  /// A container of a throw-away instance goes with that.
  private func bindToGuard() throws {
    try runtime.throwAway?.folderGuard.add(
      container: names.container(resource), engineSocket: client.endpoint.socketPath)
  }

  private func guarding(_ place: DataPlace) -> DataGuard {
    DataGuard(
      place: place, volume: names.volume(resource), spec: launch.spec, client: client, deadline: deadline)
  }

  private func makeVolume(_ image: ImageInfo, _ baked: Baked?) async throws {
    let volume = names.volume(resource)
    guard try await client.inspectVolume(volume, until: deadline) == nil else { return }
    var labels = names.labels(resource)
    // Where the image does not say it, its server did.
    let version = ImageChooser.version(of: image, engine) ?? launch.source.version
    labels[ResourceNames.versionLabel] = version?.description
    labels[ResourceNames.filledLabel] = baked?.image.id
    _ = try await client.createVolume(volume, labels: labels, until: deadline)
  }

  private func configuration(
    _ image: ImageInfo, _ recipe: ContainerRecipe, mountedAt target: String?, first: [String] = [],
    makesData: Bool = false
  ) -> ContainerConfig {
    let port = ContainerPort(launch.engine.standardPort)
    let command = recipe.command + first
    var config = ContainerConfig(image: image.id, command: command.isEmpty ? nil : command)
    let environment =
      makesData ? recipe.environment.merging(recipe.firstEnvironment) { $1 } : recipe.environment
    config.environment = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
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
      names.copier(resource), config, platform: runtime.platform, until: deadline
    ) { container in
      try await containers.put(
        ContainerRuntime.files(files), into: container, folder: ContainerRuntime.folder, until: deadline)
    }
    guard ending.status == 0 else {
      throw CopyFailure.error(
        resource, "exit code \(ending.status)", output: ending.words, remedy: await runtime.spaceRemedy())
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

extension String {
  /// The last lines of what a tool said, as many as a person reads.
  fileprivate var lastLines: [String] { split(whereSeparator: \.isNewline).suffix(8).map(String.init) }
}
