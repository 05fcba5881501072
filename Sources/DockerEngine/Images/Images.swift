import DrydockBase
import Essentials
package import MonotonicTime
import Synchronization

/// Images on this machine and in registries.
extension DockerClient {
  /// An image on this machine by name or id, or nil where there is none.
  /// - Throws: ``DockerError`` with `invalidArgument` for a name whose path would lead to something else.
  package func inspectImage(_ name: String, until deadline: Deadline) async throws -> ImageInfo? {
    guard !name.splitExactly(at: "/").contains(where: { $0 == "." || $0 == ".." })
    else { throw DockerError(.invalidArgument, "\"\(name)\" is not the name of an image") }
    return try await ifFound {
      try await get(
        "/images/\(EngineRequest.encodeName(name))/json", action: "inspect the image \(name)", object: .image,
        until: deadline)
    }
  }

  /// The images that bear all of the labels; an empty value asks for the label's presence only.
  package func listImages(labels: [String: String] = [:], until deadline: Deadline) async throws
    -> [ImageSummary]
  {
    try await get(
      "/images/json", query: [("filters", try Filters.labels(labels))], action: "list images", until: deadline
    )
  }

  /// How long a pull may be without an event. While one of its layers arrives, is checked or unpacked, events come many
  /// times a second.
  package static let pullSilence = Duration.seconds(300)

  /// Gets an image from its registry.
  ///
  /// - Parameters:
  ///   - silence: how long the engine may say nothing.
  ///   - deadline: by when all of it has to be here; nil for no such limit, as its size and the line are anybody's guess.
  ///   - progress: called for every event of the pull, one at a time.
  /// - Throws: ``DockerError``: `noSuchImage`, `accessDenied`, `rateLimited`, `noMatchingPlatform`,
  ///   `unsupportedImageFormat`, `registryUnreachable` and the general ones. The engine reports most of these
  ///   inside a stream that began well.
  package func pullImage(
    _ name: String, platform: Platform? = nil, silence: Duration = pullSilence,
    until deadline: Deadline? = nil,
    progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
  ) async throws {
    let (image, tag) = try ImageReference(name).pullParameters
    let request = EngineRequest(
      .post, "/images/create",
      query: [("fromImage", image), ("tag", tag), ("platform", platform?.description)],
      action: "pull the image \(name)", object: .image)
    let aggregate = Mutex(PullAggregate())
    let limit = TimeLimit(head: .after(silence), end: deadline, silence: silence)
    try await sendForLines(request, limit, as: PullEvent.self) { event in
      if let complaint = event.complaint {
        throw ErrorRecognition.error(
          status: nil, complaint: complaint, action: request.action, object: .image)
      }
      progress(aggregate.withLock { $0.take(event) })
    }
  }

  /// Removes an image's name, and the image with its last name.
  package func removeImage(_ name: String, force: Bool = false, until deadline: Deadline) async throws {
    let request = EngineRequest(
      .delete, "/images/\(EngineRequest.encodeName(name))", query: [("force", force ? "true" : nil)],
      action: "remove the image \(name)", object: .image)
    try await send(request, deadline)
  }

  /// Makes an image of one layer from a tar archive and returns the image's id.
  /// - Parameter changes: Dockerfile instructions for its configuration, such as `CMD ["/bin/sh"]`.
  package func importImage(
    _ archive: [UInt8], name: String, changes: [String] = [], until deadline: Deadline
  ) async throws -> String {
    let (image, tag) = try ImageReference(name).pullParameters
    let request = EngineRequest(
      .post, "/images/create",
      query: [("fromSrc", "-"), ("repo", image), ("tag", tag)]
        + changes.map { ("changes", $0) },
      body: .tar(archive), action: "import the image \(name)", object: .image)
    let last = Mutex<String?>(nil)
    try await sendForLines(request, TimeLimit(deadline), as: PullEvent.self) { event in
      if let complaint = event.complaint {
        throw ErrorRecognition.error(status: nil, complaint: complaint, action: request.action, object: nil)
      }
      last.withLock { $0 = event.status ?? $0 }
    }
    guard let id = last.withLock({ $0 }) else {
      throw DockerError(.invalidResponse, "cannot \(request.action): the engine named no image")
    }
    return id
  }
}
