import ConvoxManifest
import DockerEngine
import DrydockBase
import ImageBuilds
import MonotonicTime

/// The images of an app's services: named ones are fetched where they are not here, others built where something changed.
struct ServiceImages: Sendable {
  let client: DockerClient
  /// Builds those that are built.
  let builder: ImageBuilder
  /// Whether what the engine has built before is of no use.
  let ignoresCache: Bool
  /// Whether those that were built before have to do.
  var buildsNothing = false
  /// Told what is done.
  let notice: @Sendable (String) -> Void
  /// Told what the builder itself writes, in pieces as they come; nil where its steps have to do.
  var output: (@Sendable (String) -> Void)?

  /// The ids of the images of services, by service.
  /// - Throws: `DrydockError`, `DockerError`.
  func ids(of services: [Service]) async throws -> [String: String] {
    try await images(of: services).mapValues(\.id)
  }

  /// The images of services, by service.
  /// - Throws: `DrydockError`, `DockerError`.
  func images(of services: [Service]) async throws -> [String: BuiltImage] {
    var built: [ImageSource: BuiltImage] = [:]
    var images: [String: BuiltImage] = [:]
    for service in services {
      if let name = service.image {
        images[service.name] = BuiltImage(id: try await fetched(name), isNew: false)
        continue
      }
      let build = service.built
      let source = ImageSource(
        path: build?.path ?? ".", manifest: build?.manifest ?? "Dockerfile", arguments: build?.args ?? [])
      let image =
        if let known = built[source] { known } else { try await self.built(source, for: service.name) }
      built[source] = image
      images[service.name] = image
    }
    return images
  }

  private func fetched(_ name: String) async throws -> String {
    if let found = try await client.inspectImage(name, until: .after(.seconds(30))) { return found.id }
    notice("fetching the image \(name)")
    try await client.pullImage(name)
    guard let found = try await client.inspectImage(name, until: .after(.seconds(30))) else {
      throw DrydockError(.unavailable, "the image \(name) cannot be had")
    }
    return found.id
  }

  private func built(_ source: ImageSource, for service: String) async throws -> BuiltImage {
    if buildsNothing { return try await present(source, for: service) }
    return try await builder.build(source, ignoresCache: ignoresCache) { event in
      if let output, case .engine(let event) = event {
        if case .text(let text) = event { output(text) }
      } else if let line = Self.line(event) {
        notice("build \(service): \(line.withoutColours)")
      }
    }
  }

  private func present(_ source: ImageSource, for service: String) async throws -> BuiltImage {
    guard let id = try await builder.newest(source) else {
      throw DrydockError(
        .unavailable, "no image was built for \(service) yet, and --no-build builds none",
        suggestion: "build it: drydock build \(service)")
    }
    return BuiltImage(id: id, isNew: false)
  }

  private static func line(_ event: ImageBuildEvent) -> String? {
    switch event {
    case .getting(let image): "fetching \(image)"
    // Labels by which an image is known are nobody's step.
    case .engine(.step(let step)) where step.instruction.hasPrefix("LABEL dev.drydock."): nil
    case .engine(.step(let step)): "step \(step.number)/\(step.total) \(step.instruction)"
    case .unchanged, .sending, .engine: nil
    }
  }
}
