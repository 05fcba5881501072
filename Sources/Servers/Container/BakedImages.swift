import AppState
import Containers
package import DockerEngine
import DrydockBase
import Engines
import Essentials
package import MonotonicTime
import TransportSecurity

/// An image with a server's data in it.
package struct BakedImage: Sendable, Hashable {
  /// The image's id.
  package let id: String
  /// What it is called.
  package let name: String
  /// The engine whose data it holds.
  package let engine: String
  /// Its size with all that it is built on, in bytes.
  package let size: Int
  /// When it was made, in seconds since 1970.
  package let created: Int
}

/// Images with the data of engines in them, made once for each image and recipe: a server that is thrown away finds its data
/// there, so that its container starts it at once, and the volume of one that stays is filled from there.
package struct BakedImages: Sendable {
  private let client: DockerClient

  /// Those of an engine.
  package init(_ client: DockerClient) { self.client = client }

  /// The label that tells them, with what they were made from.
  package static let label = "dev.drydock.baked"
  /// The label with the engine whose data is in one.
  private static let engineLabel = "dev.drydock.baked-engine"
  /// The label with the numbers of the user as whom it is served: to ask a container for them takes longer than most else.
  private static let userLabel = "dev.drydock.baked-user"
  /// The label that tells which lock whoever makes one holds.
  private static let makerLabel = "dev.drydock.baked-by"
  /// Not one of `drydock/`, where images are looked for that serve resources.
  private static let repository = "drydock-baked"
  /// Changes with what is done to data besides the recipe.
  private static let format = "3"

  // MARK: The cache

  /// All of them, the newest first.
  /// - Throws: `DockerError`.
  package func list(until deadline: Deadline) async throws -> [BakedImage] {
    try await client.listImages(labels: [Self.label: ""], until: deadline).map { image in
      BakedImage(
        id: image.id, name: image.repoTags.min() ?? image.id,
        engine: image.labels[Self.engineLabel] ?? "", size: image.size, created: image.created)
    }.sorted { $0.created > $1.created }
  }

  /// Removes one.
  /// - Returns: False where a container is of it.
  /// - Throws: `DockerError`.
  @discardableResult
  package func remove(_ image: BakedImage, until deadline: Deadline) async throws -> Bool {
    do {
      try await client.removeImage(image.name, until: deadline)
      return true
    } catch let error as DockerError {
      switch error.code {
      case .noSuchImage: return true
      case .conflict: return false
      default: throw error
      }
    }
  }

  /// Removes what is left of commands that were killed while they made one.
  /// - Throws: `DockerError`.
  package func removeLeftovers(until deadline: Deadline) async throws {
    for container in try await client.listContainers(labels: [Self.label: ""], until: deadline)
    where container.name.beginsExactly(with: Self.makerPrefix) {
      guard let found = try await client.inspectContainer(container.id, until: deadline),
        !found.state.isThere
      else { continue }
      try await client.removeContainer(container.id, force: true, volumes: true, until: deadline)
    }
  }

  // MARK: Making

  /// What containers are called that make one.
  private static let makerPrefix = "drydock-bake-"

  /// The one of an image; nil if it was not made yet.
  /// - Throws: `DockerError`.
  func existing(
    of base: ImageInfo, _ engine: any ServerEngine, _ recipe: BakedRecipe, until deadline: Deadline
  ) async throws -> ImageInfo? {
    try await client.inspectImage(Self.name(base, engine, recipe), until: deadline)
  }

  /// The one of an image, made if there is none.
  /// - Parameters:
  ///   - locks: A folder in which those who make one wait for each other.
  ///   - willMake: Told the name of the container that makes it, before that is there.
  /// - Returns: Nil where the image has scripts of its own to begin with, which only its own way runs.
  /// - Throws: `DockerError`, `DrydockError` where the image does not do what the recipe asks.
  func image(
    of base: ImageInfo, _ engine: any ServerEngine, _ recipe: BakedRecipe, amendments: ImageAmendments?,
    locks: String, platform: Platform?, until deadline: Deadline, willMake: (String) throws -> Void
  ) async throws -> ImageInfo? {
    let key = Self.key(base, recipe)
    let name = Self.name(base, engine, recipe)
    if let found = try await client.inspectImage(name, until: deadline) { return found }
    let lock = try await InstanceLock.acquire("\(locks)/\(key)", until: deadline)
    defer { _ = lock }
    if let found = try await client.inspectImage(name, until: deadline) { return found }
    let unfit = "\(locks)/\(base.id.replacingExactly(":", with: "-")).own-scripts"
    if FileManager.default.fileExists(atPath: unfit) { return nil }
    let container = Self.makerPrefix + key
    let maker = shortHash(locks)
    if let found = try await another(than: maker, container, makes: name, until: deadline) { return found }
    try willMake(container)
    var config = ContainerConfig(image: base.id, command: [recipe.make])
    config.entrypoint = ["sh", "-c"]
    config.user = recipe.user
    config.mounts = Self.mounts(over: base)
    config.network = .isolated
    config.labels = Self.labels(over: base, engine.product).merging([Self.makerLabel: maker]) { $1 }
    let id = try await client.createContainer(
      name: container, config, platform: platform, until: deadline)
    do {
      guard try await !hasScripts(id, until: deadline) else {
        try await client.removeContainer(id, force: true, volumes: true, until: deadline)
        try Data().write(to: URL(filePath: unfit))
        return nil
      }
      let user = try await fill(id, recipe, amendments, until: deadline)
      try await client.startContainer(id, until: deadline)
      let status = try await client.waitForContainer(id, until: deadline)
      guard status == 0 else {
        let words = try await client.logTail(of: id, lines: 20, until: deadline)
        guard !WriteRemedy.saysDiskIsFull(words) else {
          throw DrydockError(.cannotWrite, "no space is left for an image with data", details: [words])
        }
        throw DrydockError(
          .failed, "\(engine.product) could not be initialised: exit code \(status)", details: [words])
      }
      _ = try await client.commitContainer(
        id, as: name, labels: [Self.userLabel: "\(user.id):\(user.group)"], until: deadline)
      try await client.removeContainer(id, force: true, volumes: true, until: deadline)
    } catch {
      await shieldedFromCancellation {
        try? await client.removeContainer(id, force: true, volumes: true, until: .after(.seconds(30)))
      }
      throw error
    }
    guard let made = try await client.inspectImage(name, until: deadline) else {
      throw DrydockError(.failed, "the image \(name) is gone again")
    }
    return made
  }

  private static func name(_ base: ImageInfo, _ engine: any ServerEngine, _ recipe: BakedRecipe) -> String {
    "\(repository)/\(engine.product):\(key(base, recipe))"
  }

  /// Whether the official images' folder of scripts that begin new data holds any: an image that is made of one of them puts
  /// its own there.
  private func hasScripts(_ container: String, until deadline: Deadline) async throws -> Bool {
    try await client.hasFiles(in: "/docker-entrypoint-initdb.d", of: container, until: deadline)
  }

  /// Waits for somebody else who makes one: another user's drydock, which holds another lock. Of whoever holds the same lock as
  /// this one it is what a killed command left, and is removed.
  /// - Returns: The image that was made; nil where there is none, and nobody makes it.
  private func another(
    than maker: String, _ container: String, makes name: String, until deadline: Deadline
  ) async throws -> ImageInfo? {
    let limit = deadline.capped(at: Self.patience)
    var pause = Backoff(first: .milliseconds(20), limit: .milliseconds(200))
    while let other = try await client.inspectContainer(container, until: deadline) {
      if let found = try await client.inspectImage(name, until: deadline) { return found }
      guard !limit.hasPassed, other.labels[Self.makerLabel] != maker else {
        try await client.removeContainer(other.id, force: true, volumes: true, until: deadline)
        break
      }
      do { try await pause.sleep(until: limit, name) } catch is TimeoutError {}
    }
    return try await client.inspectImage(name, until: deadline)
  }

  /// How long somebody else may take.
  private static let patience = Duration.seconds(30)

  /// What tells one made of another base, or otherwise, from this one.
  static func key(_ base: ImageInfo, _ recipe: BakedRecipe) -> String {
    let digest = Digest()
    for part in [format, base.id, recipe.user, recipe.make] { digest.addPart(Array(part.utf8)) }
    return String(digest.finish().prefix(16))
  }

  /// The labels of one. An image has its base's too: by drydock's own, whoever looks for the base, to serve a resource, would
  /// find this one.
  static func labels(over base: ImageInfo, _ engine: String) -> [String: String] {
    let emptied = base.labels.filter { $0.key.beginsExactly(with: "dev.drydock.") }.mapValues { _ in "" }
    return emptied.merging([label: base.id, engineLabel: engine]) { $1 }
  }

  /// Something else than a volume where the image wants one: that would take time to make and to remove.
  static func mounts(over base: ImageInfo) -> [ContainerMount] {
    base.volumes.map { .tmpfs(target: $0, size: nil) }
  }

  /// The user as whom one is served; nil where it does not say.
  static func users(of image: ImageInfo, _ recipe: BakedRecipe) -> ImageUsers? {
    image.labels[userLabel].map { ImageUsers(passwd: "\(recipe.user):x:\($0)") }
  }

  private func fill(
    _ container: String, _ recipe: BakedRecipe, _ amendments: ImageAmendments?, until deadline: Deadline
  ) async throws -> ImageUsers.User {
    let users = try await ImageUsers.read(in: container, client, until: deadline)
    guard let user = users[recipe.user] else {
      throw DrydockError(.failed, "the image knows no user \(recipe.user)")
    }
    var files: [RecipeFile] = []
    if recipe.wantsTimeZones {
      files.append(RecipeFile(BakedRecipe.zones, try await offThePool { ZoneTables().script }, mode: 0o444))
    }
    var archive = try TarArchive(ContainerRuntime.files(files), folder: ContainerRuntime.folder)
    try archive.addDirectory(
      String(BakedRecipe.folder.dropFirst()), mode: 0o700, uid: user.id, gid: user.group)
    try await client.putArchive(archive.bytes, into: container, path: "/", until: deadline)
    guard let amendments else { return user }
    try await ContainerAmendments(
      client: client, container: container, amendments: amendments, isFresh: true, deadline: deadline
    ).make()
    return user
  }
}
