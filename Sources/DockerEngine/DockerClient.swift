import Essentials
import Logging
package import MonotonicTime
import NIOHTTP1

/// A client of one Docker Engine on this machine.
///
/// Every call takes a deadline and throws ``DockerError``, with code `timedOut` when the deadline passes.
/// Cancelling the task closes the call's connection and throws `CancellationError`.
package struct DockerClient: Sendable {
  /// Where the engine listens.
  package let endpoint: DockerEndpoint
  /// What the engine said about itself when the client connected.
  package let engine: EngineVersion
  /// The API version in use: the newest that both sides speak.
  package var apiVersion: String { version.description }

  let version: APIVersion
  /// The most that an answer outside the streams may hold, in bytes.
  let bodyLimit: Int

  private var transport: HTTPTransport { HTTPTransport(socketPath: endpoint.socketPath) }

  /// Connects to an engine: pings it, asks its version and settles on an API version.
  /// - Throws: ``DockerError`` with `engineUnavailable` when no usable engine answers there.
  package static func connect(
    to endpoint: DockerEndpoint, until deadline: Deadline, bodyLimit: Int = 16 << 20
  ) async throws -> DockerClient {
    let first = DockerClient(endpoint: endpoint, engine: .unknown, version: nil, bodyLimit: bodyLimit)
    try await first.ping(until: deadline)
    let engine = try await first.version(until: deadline)
    guard engine.os == "linux" else {
      throw DockerError(
        .engineUnavailable(.invalid), "the Docker engine runs \(engine.os) containers",
        suggestion: "switch the engine to Linux containers")
    }
    let version = try APIVersion.negotiated(server: engine)
    return DockerClient(endpoint: endpoint, engine: engine, version: version, bodyLimit: bodyLimit)
  }

  private init(endpoint: DockerEndpoint, engine: EngineVersion, version: APIVersion?, bodyLimit: Int) {
    self.endpoint = endpoint
    self.engine = engine
    self.version = version ?? .oldest
    self.isVersioned = version != nil
    self.bodyLimit = bodyLimit
  }

  /// Before the versions are known, paths go without a prefix; the engine then uses its newest.
  private let isVersioned: Bool

  /// Asks whether the engine answers.
  package func ping(until deadline: Deadline) async throws {
    let answer = try await send(EngineRequest(.get, "/_ping", action: "ping the Docker engine"), deadline)
    guard answer == Data("OK".utf8) else {
      throw DockerError(.invalidResponse, "what answers at \(endpoint.socketPath) is not a Docker engine")
    }
  }

  /// The engine's versions.
  package func version(until deadline: Deadline) async throws -> EngineVersion {
    try await get("/version", action: "ask the Docker engine's version", until: deadline)
  }

  /// The engine's description of itself and its host.
  package func info(until deadline: Deadline) async throws -> EngineInfo {
    try await get("/info", action: "ask the Docker engine about itself", until: deadline)
  }
}

extension DockerClient {
  /// Sends a request and returns the body of its answer.
  @discardableResult
  func send(_ request: EngineRequest, _ deadline: Deadline) async throws -> Data {
    try await exchange(request, TimeLimit(deadline)) { [bodyLimit] _, body in
      try await body.collect(limit: bodyLimit)
    }
  }

  /// Sends a request and decodes the JSON of its answer.
  func send<Answer: Decodable>(
    _ request: EngineRequest, _ deadline: Deadline, as type: Answer.Type = Answer.self
  ) async throws -> Answer {
    try decode(try await send(request, deadline), request.action)
  }

  /// Gets a JSON document.
  func get<Answer: Decodable>(
    _ path: String, query: [(name: String, value: String?)] = [], action: String,
    object: DockerError.ObjectKind? = nil, until deadline: Deadline
  ) async throws -> Answer {
    try await send(EngineRequest(.get, path, query: query, action: action, object: object), deadline)
  }

  /// Sends a request and hands on every JSON line of its answer until the end of the stream.
  func sendForLines<Line: Decodable & SendableMetatype>(
    _ request: EngineRequest, _ limit: TimeLimit, as type: Line.Type,
    opened: @escaping @Sendable () async throws -> Void = {},
    each: @escaping @Sendable (Line) async throws -> Void
  ) async throws {
    try await exchange(request, limit) { _, body in
      try await opened()
      var lines = JSONLines()
      while let bytes = try await body.next() {
        for line in try lines.take(bytes, action: request.action) {
          try await each(decode(line, request.action))
        }
      }
      if let last = lines.finish() { try await each(decode(last, request.action)) }
    }
  }

  /// Sends a request; an answer with an error status is thrown, any other goes to `consume`.
  func exchange<Value: Sendable>(
    _ request: EngineRequest, _ limit: TimeLimit, input: StreamInput.Writer? = nil,
    consume: @escaping @Sendable @concurrent (HTTPResponseHead, inout ResponseBody) async throws -> Value
  ) async throws -> Value {
    let target = request.target(version: isVersioned ? version : nil)
    return try await logged(request) {
      try await transport.exchange(request, target: target, limit: limit, input: input) {
        [bodyLimit] head, body in
        guard head.status.code < 400 else {
          let text = try await body.collect(limit: bodyLimit)
          throw ErrorRecognition.error(status: Int(head.status.code), body: text, request: request)
        }
        return try await consume(head, &body)
      }
    }
  }

  /// Notes what came of a request. Its body, which may hold passwords, and its query are left out.
  private func logged<Value>(_ request: EngineRequest, _ body: () async throws -> Value) async throws -> Value
  {
    let begin = ContinuousClock.now
    var metadata: Logger.Metadata = ["request": "\(request.method.rawValue) \(request.path)"]
    do {
      let value = try await body()
      metadata["ms"] = "\(Int(begin.duration(to: .now) / .milliseconds(1)))"
      logger.debug("\(request.action)", metadata: metadata)
      return value
    } catch {
      metadata["ms"] = "\(Int(begin.duration(to: .now) / .milliseconds(1)))"
      logger.debug("cannot \(request.action): \(error)", metadata: metadata)
      throw error
    }
  }

  /// Decodes an answer; one that does not fit is an error that names the field.
  func decode<Answer: Decodable>(_ data: Data, _ action: String) throws -> Answer {
    do {
      return try JSONDecoder().decode(Answer.self, from: data)
    } catch {
      throw DockerError(.invalidResponse, "cannot \(action): the answer is not as documented: \(error)")
    }
  }

  /// The value, or nil where the named object does not exist.
  func ifFound<Value>(_ body: () async throws -> Value) async throws -> Value? {
    do {
      return try await body()
    } catch let error as DockerError {
      switch error.code {
      case .notFound, .noSuchImage: return nil
      default: throw error
      }
    }
  }
}

extension EngineVersion {
  static let unknown = EngineVersion(version: "", apiVersion: "", minAPIVersion: nil, os: "", arch: "")
}

let logger = Logger(label: "drydock.docker")
