package import MonotonicTime

/// Containers from creation to removal. A container is named by its id or its name.
extension DockerClient {
  /// Makes a container and returns its id.
  /// - Throws: ``DockerError``: `conflict` where the name is in use, `noSuchImage` where the
  ///   image is not on this machine.
  package func createContainer(
    name: String, _ config: ContainerConfig, platform: Platform? = nil, until deadline: Deadline
  ) async throws -> String {
    let request = try EngineRequest(
      .post, "/containers/create", query: [("name", name), ("platform", platform?.description)],
      json: CreateContainer(config: config), action: "create the container \(name)", object: .image)
    return try await send(request, deadline, as: Created.self).id
  }

  /// Starts a container; one that runs already stays as it is.
  /// - Throws: ``DockerError`` with `portTaken` where a published port is in use.
  package func startContainer(_ id: String, until deadline: Deadline) async throws {
    try await act(.post, id, "/start", "start", until: deadline)
  }

  /// A container as it is now, or nil where there is none.
  package func inspectContainer(_ id: String, until deadline: Deadline) async throws -> ContainerDetails? {
    try await ifFound {
      try await get(
        Self.path(id) + "/json", action: "inspect the container \(Self.shown(id))", object: .container,
        until: deadline)
    }
  }

  /// The containers that bear all of the labels; an empty value asks for the label's presence only.
  /// - Parameter all: whether containers that do not run are listed too.
  package func listContainers(
    all: Bool = true, labels: [String: String] = [:], until deadline: Deadline
  ) async throws -> [ContainerSummary] {
    try await get(
      "/containers/json", query: [("all", all ? "true" : nil), ("filters", try Filters.labels(labels))],
      action: "list containers", until: deadline)
  }

  /// Lets a paused container go on.
  /// - Throws: ``DockerError`` where it is not paused.
  package func unpauseContainer(_ id: String, until deadline: Deadline) async throws {
    try await act(.post, id, "/unpause", "unpause", until: deadline)
  }

  /// Stops a container by its stop signal; one that does not run stays as it is.
  /// - Parameter timeout: the whole seconds after which the engine kills it; nil for the container's own
  ///   timeout. The deadline has to allow for it.
  package func stopContainer(_ id: String, timeout: Int? = nil, until deadline: Deadline) async throws {
    try await act(.post, id, "/stop", "stop", query: [("t", timeout.map(String.init))], until: deadline)
  }

  /// Sends a signal to a container's first process.
  /// - Throws: ``DockerError`` with `conflict` where it does not run.
  package func killContainer(_ id: String, signal: String = "SIGKILL", until deadline: Deadline) async throws
  {
    try await act(.post, id, "/kill", "signal", query: [("signal", signal)], until: deadline)
  }

  /// Removes a container.
  /// - Parameters:
  ///   - force: whether a running one is killed first.
  ///   - volumes: whether its anonymous volumes go too; named ones stay.
  package func removeContainer(
    _ id: String, force: Bool = false, volumes: Bool = false, until deadline: Deadline
  ) async throws {
    let query = [("force", force ? "true" : nil), ("v", volumes ? "true" : nil)]
    try await act(.delete, id, "", "remove", query: query, until: deadline)
  }

  /// Waits until a container does not run and returns its exit code.
  package func waitForContainer(_ id: String, until deadline: Deadline) async throws -> Int {
    let request = EngineRequest(
      .post, Self.path(id) + "/wait", query: [("condition", "not-running")],
      action: "wait for the container \(Self.shown(id))",
      object: .container)
    let answer = try await send(request, deadline, as: WaitAnswer.self)
    if let message = answer.error?.message, !message.isEmpty {
      throw DockerError(.server(status: 200), "cannot wait for the container \(Self.shown(id)): \(message)")
    }
    return answer.exitCode
  }

  /// Unpacks a tar archive inside a container, which need not run.
  /// - Parameter path: a directory that exists in the container.
  package func putArchive(_ archive: [UInt8], into id: String, path: String, until deadline: Deadline)
    async throws
  {
    let request = EngineRequest(
      .put, Self.path(id) + "/archive", query: [("path", path)], body: .tar(archive),
      action: "copy files into the container \(Self.shown(id))", object: .container)
    try await send(request, deadline)
  }

  /// The same with an archive that is made while it is sent.
  /// - Parameters:
  ///   - replacesFolders: Whether a file may take the place of a folder; else that is an error.
  ///   - next: Gives the archive's next bytes, nil at its end; it has to heed cancellation.
  /// - Throws: ``DockerError``; what `next` throws.
  package func putArchive(
    into id: String, path: String, replacesFolders: Bool = true, until deadline: Deadline,
    next: @escaping @Sendable () async throws -> [UInt8]?
  ) async throws {
    let request = EngineRequest(
      .put, Self.path(id) + "/archive",
      query: [("path", path)] + (replacesFolders ? [] : [("noOverwriteDirNonDir", "true")]),
      body: .stream(next),
      action: "copy files into the container \(Self.shown(id))", object: .container)
    try await send(request, deadline)
  }

  static func path(_ id: String) -> String { "/containers/" + EngineRequest.encode(id) }

  /// A container as messages name it: by its name, or by as much of its id as the engine's own tool shows.
  static func shown(_ id: String) -> String {
    id.utf8.count == 64 && id.allSatisfy(\.isHexDigit) ? String(id.prefix(12)) : id
  }

  private func act(
    _ method: EngineRequest.Method, _ id: String, _ suffix: String, _ verb: String,
    query: [(name: String, value: String?)] = [], until deadline: Deadline
  ) async throws {
    let request = EngineRequest(
      method, Self.path(id) + suffix, query: query, action: "\(verb) the container \(Self.shown(id))",
      object: .container)
    try await send(request, deadline)
  }
}

/// The answer to a creation.
struct Created: Decodable {
  let id: String

  enum CodingKeys: String, CodingKey {
    case id = "Id"
  }
}

private struct WaitAnswer: Decodable {
  let exitCode: Int
  let error: Failure?

  struct Failure: Decodable {
    let message: String?

    enum CodingKeys: String, CodingKey {
      case message = "Message"
    }
  }

  enum CodingKeys: String, CodingKey {
    case exitCode = "StatusCode"
    case error = "Error"
  }
}
