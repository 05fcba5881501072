package import MonotonicTime
import Synchronization

/// Building images.
extension DockerClient {
  /// How long a build may be without an event: a step may work in silence for long.
  package static let buildSilence = Duration.seconds(3600)

  /// Builds an image from a context.
  /// - Parameters:
  ///   - context: Gives the next bytes of a tar archive, nil at its end; it has to heed cancellation.
  ///   - silence: How long the engine may neither take bytes nor say anything.
  ///   - each: Called for every event, one at a time.
  /// - Returns: The image's id.
  /// - Throws: ``DockerError``: `buildFailed` where a step or the Dockerfile is at fault, those of a pull where a base image
  ///   cannot be had; what `context` throws. Cancelling ends the build.
  package func buildImage(
    _ options: BuildOptions, context: @escaping @Sendable () async throws -> [UInt8]?,
    silence: Duration = buildSilence, until deadline: Deadline? = nil,
    each: @escaping @Sendable (BuildEvent) async throws -> Void = { _ in }
  ) async throws -> String {
    let request = EngineRequest(
      .post, "/build", query: try options.query(), body: .stream(context), action: "build the image",
      object: .image)
    let progress = Mutex(BuildProgress())
    try await sendForLines(request, TimeLimit(silence: silence, end: deadline), as: BuildLine.self) { line in
      let events = try progress.withLock { try $0.take(line) }
      for event in events { try await each(event) }
    }
    guard let id = progress.withLock({ $0.imageID }) else {
      throw DockerError(.invalidResponse, "cannot \(request.action): the engine named no image")
    }
    return id
  }
}
