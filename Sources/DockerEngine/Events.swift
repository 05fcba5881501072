package import MonotonicTime

/// Something that happened to an object of the engine.
package struct EngineEvent: Sendable, Hashable, Decodable {
  /// The kind of object: `container`, `image`, `volume`, `network`.
  package let type: String
  /// What happened: `start`, `die`, `oom`, `destroy` and so on.
  package let action: String
  /// The object's id or name.
  package let id: String
  /// The object's labels and particulars such as `exitCode`.
  package let attributes: [String: String]
  /// When it happened, in nanoseconds since 1970.
  package let timeNano: Int

  private enum CodingKeys: String, CodingKey {
    case type = "Type"
    case action = "Action"
    case actor = "Actor"
    case timeNano
  }

  private struct Actor: Decodable {
    let id: String
    let attributes: [String: String]?

    enum CodingKeys: String, CodingKey {
      case id = "ID"
      case attributes = "Attributes"
    }
  }

  /// Decodes a line of `GET /events`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let actor = try values.decode(Actor.self, forKey: .actor)
    type = try values.decode(String.self, forKey: .type)
    action = try values.decode(String.self, forKey: .action)
    id = actor.id
    attributes = actor.attributes ?? [:]
    timeNano = try values.decodeIfPresent(Int.self, forKey: .timeNano) ?? 0
  }
}

/// The engine's events.
extension DockerClient {
  /// Hands on the engine's events as they happen.
  ///
  /// - Parameters:
  ///   - filters: such as `["type": ["container"], "label": ["name=value"]]`.
  ///   - since: events from this moment on, in seconds since 1970, with a fraction where wanted; nil for new
  ///     ones.
  ///   - deadline: by when to end, which is an error; nil to go on until the task is cancelled or the engine
  ///     ends.
  ///   - opened: called once when the engine has begun to answer, hence no later event is missed.
  package func events(
    filters: [String: [String]] = [:], since: String? = nil, until deadline: Deadline?,
    opened: @escaping @Sendable () async throws -> Void = {},
    each: @escaping @Sendable (EngineEvent) async throws -> Void
  ) async throws {
    let request = EngineRequest(
      .get, "/events", query: [("filters", try Filters.json(filters)), ("since", since)],
      action: "follow the Docker engine's events")
    try await sendForLines(
      request, TimeLimit(head: .after(.seconds(10)), end: deadline), as: EngineEvent.self, opened: opened,
      each: each)
  }
}
