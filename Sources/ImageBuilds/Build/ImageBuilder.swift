package import DockerEngine
import DrydockBase
import Logging
import MonotonicTime

/// Builds the images of one app by the engine's API.
///
/// What an image was made from is on its labels; nothing is remembered elsewhere. So an image is built only where something
/// that goes into it differs, and drydock removes no image that it did not build.
package struct ImageBuilder: Sendable {
  /// The engine.
  package let client: DockerClient
  /// The app's folder.
  package let app: String
  /// The app's environment, of which ARG takes what it names.
  package let environment: [String: String]
  /// Whether the stage `development` is built where there is one.
  package let isDevelopment: Bool
  /// The labels that every image of the app bears, by which its images are found.
  package let labels: [String: String]
  /// The name of the images, without a tag.
  package let repository: String

  /// A builder of one app's images.
  package init(
    client: DockerClient, app: String, environment: [String: String], isDevelopment: Bool,
    labels: [String: String], repository: String
  ) {
    self.client = client
    self.app = app
    self.environment = environment
    self.isDevelopment = isDevelopment
    self.labels = labels
    self.repository = repository
  }

  /// The label with what an image was built for: path, Dockerfile, stage.
  package static let recipeLabel = "dev.drydock.build"
  /// The label with a digest over all that went into an image.
  package static let inputLabel = "dev.drydock.build.input"
  /// The label with a digest over how the files of the context looked.
  package static let lookLabel = "dev.drydock.build.look"

  static var soon: Deadline { .after(.seconds(30)) }

  /// Brings an image about: one that is there if nothing has changed since, else a new one.
  /// - Parameters:
  ///   - ignoresCache: Whether it is built anyway, every step of it.
  ///   - report: Called for every event, one at a time.
  /// - Throws: `DrydockError` with line and last words of a build that failed; `DockerfileError`, `IgnoreFileError`,
  ///   `DirectoryError`, `DockerError`.
  package func build(
    _ source: ImageSource, ignoresCache: Bool = false,
    report: @escaping @Sendable (ImageBuildEvent) async throws -> Void = { _ in }
  ) async throws -> BuiltImage {
    let plan = try await plan(source)
    let bases = try await getBases(plan, report)
    let digest = ContextDigest(plan.context)
    let look = try await digest.look().map { plan.digest(bases, context: $0) }
    let found = ignoresCache ? [] : try await images(plan.recipe)
    if let look, let image = found.first(where: { $0.labels[Self.lookLabel] == look }) {
      try await report(.unchanged)
      return BuiltImage(id: image.id, isNew: false)
    }
    let input = plan.digest(bases, context: try await digest.content())
    if let image = found.first(where: { $0.labels[Self.inputLabel] == input }) {
      try await report(.unchanged)
      return BuiltImage(id: image.id, isNew: false)
    }
    var options = plan.options
    options.ignoresCache = ignoresCache
    options.tags = ["\(repository):\(plan.recipe)"]
    options.labels = labels.merging([
      Self.recipeLabel: plan.recipe, Self.inputLabel: input, Self.lookLabel: look ?? "",
    ]) { $1 }
    try await report(.sending)
    let id = try await run(plan, options, report)
    try await removeReplaced(plan.recipe, keeping: [id])
    return BuiltImage(id: id, isNew: true)
  }

  /// The id of the image that was built last, whatever has changed since; nil where none was.
  package func newest(_ source: ImageSource) async throws -> String? {
    let recipe = try await plan(source).recipe
    return try await client.inspectImage("\(repository):\(recipe)", until: Self.soon)?.id
  }

  /// Removes what was built for the app and is not wanted any more, where no container uses it. Each new image does so with
  /// those that were built in its place before.
  /// - Parameters:
  ///   - recipe: What the images were built for; nil for all of the app's.
  ///   - kept: The ids of the images that stay.
  package func removeReplaced(_ recipe: String? = nil, keeping kept: Set<String>) async throws {
    let images =
      if let recipe { try await images(recipe) } else {
        try await client.listImages(labels: labels, until: Self.soon)
      }
    for image in images
    where image.labels[Self.recipeLabel] != nil && !kept.contains(image.id) {
      do {
        for tag in image.repoTags where tag.beginsExactly(with: repository + ":") {
          try await client.removeImage(tag, until: Self.soon)
        }
        guard try await client.inspectImage(image.id, until: Self.soon) != nil else { continue }
        try await client.removeImage(image.id, until: Self.soon)
      } catch let error as DockerError where [.conflict, .noSuchImage].contains(error.code) {
        // Somebody uses it, or has another name for it.
      }
    }
  }

  private func images(_ recipe: String) async throws -> [ImageSummary] {
    try await client.listImages(labels: labels.merging([Self.recipeLabel: recipe]) { $1 }, until: Self.soon)
  }

  /// Gets the images that the Dockerfile begins with, as BuildKit tells nothing of what it gets.
  /// - Returns: Their ids; nil for one that only the builder may do without.
  private func getBases(
    _ plan: BuildPlan, _ report: @escaping @Sendable (ImageBuildEvent) async throws -> Void
  ) async throws -> [String: String?] {
    var bases: [String: String?] = [:]
    for name in plan.bases {
      var image = try await client.inspectImage(name, until: Self.soon)
      if image == nil {
        try await report(.getting(name))
        do {
          try await client.pullImage(name, platform: plan.options.platform)
          image = try await client.inspectImage(name, until: Self.soon)
        } catch let error as DockerError where plan.options.usesBuildKit {
          // It leaves out the stages that nothing needs, and says itself what it misses.
          logger.debug("cannot get \(name): \(error)")
        }
      }
      bases[name] = .some(image?.id)
    }
    return bases
  }

  private func run(
    _ plan: BuildPlan, _ options: BuildOptions,
    _ report: @escaping @Sendable (ImageBuildEvent) async throws -> Void
  ) async throws -> String {
    let stream = ContextStream(plan.context, substitutes: plan.substitutes)
    let log = BuildLog()
    do {
      return try await client.buildImage(options, context: { try await stream.next() }) { event in
        log.take(event)
        try await report(.engine(event))
      }
    } catch let error as DockerError {
      guard case .buildFailed(let exit) = error.code else { throw error }
      throw log.failure(error, exit: exit, in: plan.context.dockerfile, withBuildKit: options.usesBuildKit)
    }
  }
}

private let logger = Logger(label: "drydock.builds")
