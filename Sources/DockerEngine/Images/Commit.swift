package import MonotonicTime

/// Images out of containers.
extension DockerClient {
  /// Makes an image of what a container that does not run has written outside of its volumes. It has the container's labels,
  /// and those of the container's own image.
  /// - Parameters:
  ///   - name: What it is called, tag included.
  ///   - labels: Labels besides, of names and values without quotes and spaces.
  /// - Returns: The image's id.
  package func commitContainer(
    _ id: String, as name: String, labels: [String: String] = [:], until deadline: Deadline
  ) async throws -> String {
    let reference = try ImageReference(name)
    let request = EngineRequest(
      .post, "/commit",
      query: [
        ("container", id), ("repo", reference.repository), ("tag", reference.tag), ("pause", "false"),
      ] + labels.sorted { $0.key < $1.key }.map { ("changes", "LABEL \($0.key)=\($0.value)") },
      action: "make an image of the container \(Self.shown(id))", object: .container)
    return try await send(request, deadline, as: CommittedImage.self).id
  }
}

/// The answer of a commit.
private struct CommittedImage: Decodable {
  let id: String

  enum CodingKeys: String, CodingKey {
    case id = "Id"
  }
}
