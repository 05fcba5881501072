import Containers
import DockerEngine
import DrydockBase
package import Engines
import MonotonicTime
package import Planning

/// Gets the image that is to run a resource, and looks at what it holds.
///
/// That comes before the recipe: an image of which nothing is known before it is here may hold a server that takes other
/// settings, speaks of replication in other words, or cannot serve the data.
package struct ImageFetch: Sendable {
  package let runtime: ContainerRuntime
  package let spec: ResourceSpec
  package let engine: any ServerEngine
  package let progress: ProgressSink

  private var client: DockerClient { runtime.client }

  /// The source as it is once its image is here.
  package func run(_ source: ServerSource, data: ServerVersion?, strict: Bool) async throws -> ServerSource {
    guard case .image(let reference, let isLocal) = source.origin,
      !isLocal || source.version == nil || data != nil
    else { return source }
    if !isLocal { try refuseMissingArchitecture(reference) }
    var found = source
    var image = reference
    if !isLocal, try await client.inspectImage(reference, until: runtime.soon) == nil {
      let pulled = try await pull(reference, strict: strict)
      (image, found.drift) = (pulled.reference, pulled.note ?? source.drift)
    }
    found.origin = .image(image, isLocal: true)
    let info = try await info(of: image)
    let other = ImageChooser.kin(in: info, of: engine)
    found.standIn = other?.product ?? found.standIn
    found.version =
      try await ImageVersion(runtime: runtime, spec: spec, engine: other ?? engine).find(info, data: data)
      ?? source.version
    found.drift = found.drift ?? ImageChooser.drift(of: found.version, found.standIn, in: image, spec)
    try ImageChooser.refuse(data: data, of: spec, engine, with: found.version, in: image)
    if strict { try ImageChooser.refuseDrift(of: found, spec) }
    return found
  }

  /// Pulls an image, or another of the series where the registry has no such version.
  private func pull(_ reference: String, strict: Bool) async throws -> VersionTable.OfficialImage {
    let isOfficial = reference == ImageChooser.official(spec, engine, runtime.environment).reference
    var others = isOfficial && !strict ? ImageChooser.others(spec, engine, runtime.environment) : []
    var image: VersionTable.OfficialImage = (reference, nil)
    while true {
      do {
        try await pull(image.reference)
        return image
      } catch let error as DockerError where error.code == .noSuchImage {
        if others.isEmpty { throw error }
        image = others.removeFirst()
      }
    }
  }

  private func pull(_ reference: String) async throws {
    progress("pulling \(reference)")
    try await client.pullImage(reference, platform: runtime.platform) { [progress] state in
      if let percent = state.percent { progress("pulling \(Int(percent)) %") }
    }
  }

  /// Says before the download that there is nothing for this machine.
  private func refuseMissingArchitecture(_ reference: String) throws {
    let official = ImageChooser.official(spec, engine, runtime.environment).reference
    // An image that the user names may well have what the official one lacks.
    guard runtime.platform == nil, client.engine.arch == "arm64", reference == official,
      !engine.versions.hasARM64(spec.version)
    else { return }
    throw DrydockError(
      .unavailable, "resource \(spec.name): the image \(reference) does not exist for arm64",
      suggestion: "run the other architecture's: DRYDOCK_PLATFORM=linux/amd64, or choose a newer version")
  }

  private func info(of reference: String) async throws -> ImageInfo {
    guard let image = try await client.inspectImage(reference, until: runtime.soon) else {
      throw DrydockError(.unavailable, "resource \(spec.name): the image \(reference) is not there")
    }
    return image
  }
}
