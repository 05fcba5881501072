package import MonotonicTime
import NIOHTTP1

/// What a container wrote.
extension DockerClient {
  /// How much of a log is wanted.
  package struct LogOptions: Sendable, Hashable {
    /// The number of last lines to begin with; nil for all there are.
    package var tail: Int?
    /// Whether to wait for more output until the container ends.
    package var follow = false
    /// Whether standard output is wanted.
    package var stdout = true
    /// Whether standard error is wanted.
    package var stderr = true
    /// Whether the engine puts the time before each line.
    package var timestamps = false
    /// Output from this moment on, in seconds since 1970 or RFC 3339; nil for all.
    package var since: String?
    /// Whether the container was made with a terminal. Engines before API 1.42 do not say it themselves.
    package var hasTerminal = false

    /// All output there is, of both streams.
    package init(tail: Int? = nil, follow: Bool = false) {
      self.tail = tail
      self.follow = follow
    }
  }

  /// Reads a container's log, handing on each piece as it comes.
  ///
  /// - Parameters:
  ///   - deadline: by when reading has to be over; nil to follow until the container ends or the task is
  ///     cancelled. The engine has to begin its answer within ten seconds in any case.
  ///   - each: called for one piece at a time; while it runs, no more is read from the engine.
  package func logs(
    of id: String, _ options: LogOptions = LogOptions(), until deadline: Deadline?,
    each: @escaping @Sendable (LogChunk) async throws -> Void
  ) async throws {
    let request = EngineRequest(
      .get, Self.path(id) + "/logs",
      query: [
        ("stdout", options.stdout ? "true" : nil), ("stderr", options.stderr ? "true" : nil),
        ("follow", options.follow ? "true" : nil), ("timestamps", options.timestamps ? "true" : nil),
        ("tail", options.tail.map(String.init) ?? "all"), ("since", options.since),
      ],
      action: "read the log of the container \(Self.shown(id))", object: .container)
    let limit = TimeLimit(head: .after(.seconds(10)), end: deadline)
    try await exchange(request, limit) { [version] head, body in
      let type = head.headers.first(name: "Content-Type")
      let isRaw = isRaw(type: type, version: version, hasTerminal: options.hasTerminal)
      try await body.output(isRaw: isRaw, action: request.action, each: each)
    }
  }

  /// Whether a log comes as the terminal wrote it, without frames.
  private func isRaw(type: String?, version: APIVersion, hasTerminal: Bool) -> Bool {
    switch type {
    case "application/vnd.docker.multiplexed-stream"?: false
    case "application/vnd.docker.raw-stream"? where version >= .typedStreams: true
    default: hasTerminal
    }
  }

  /// The last lines of a container's log, both streams as they come, as text.
  /// - Parameter limit: the most bytes that are kept; what is over it is dropped from the front.
  package func logTail(
    of id: String, lines: Int, limit: Int = 64 << 10, hasTerminal: Bool = false, until deadline: Deadline
  ) async throws -> String {
    let kept = Kept(limit: limit)
    var options = LogOptions(tail: lines)
    options.hasTerminal = hasTerminal
    try await logs(of: id, options, until: deadline) { kept.append($0.bytes) }
    return kept.text
  }
}
