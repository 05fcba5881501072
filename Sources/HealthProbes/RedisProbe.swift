import Essentials
package import MonotonicTime

/// Proves a redis server: `AUTH` where a password is given, `PING` and `INFO`; by TLS where the target names an
/// authority.
package struct RedisProbe: HealthProbe {
  /// The server asked, and as whom. The database is not used: every redis has number 0.
  package let target: ProbeTarget

  /// A probe of one server. With a user, `AUTH` names it, which needs redis 6.
  package init(target: ProbeTarget) {
    self.target = target
  }

  /// What is probed, as messages name it.
  package var name: String { "redis at \(target.address)" }

  /// Connects, logs in where needed, asks and disconnects.
  /// - Throws: `ProbeFailure` or `CancellationError`.
  package func attempt(until deadline: Deadline) async throws -> ServerReport {
    let connection = RedisConnection(
      stream: try await connect(to: target, until: deadline), reader: try RedisReader())
    if !target.password.isEmpty {
      let login = [target.user, target.password].filter { !$0.isEmpty }
      try await authenticate(connection, login, until: deadline)
    }
    guard case .text("PONG") = try await connection.ask(["PING"], until: deadline) else {
      throw ProbeFailure.wrongProtocol(message: "the answer to PING is not PONG")
    }
    guard case .text(let info) = try await connection.ask(["INFO"], until: deadline) else {
      throw ProbeFailure.wrongProtocol(message: "the answer to INFO is not text")
    }
    return try report(RedisInfo(info))
  }

  /// Any refusal of `AUTH` but a server that is not up yet is about the credentials.
  private func authenticate(
    _ connection: RedisConnection, _ login: [String], until deadline: Deadline
  ) async throws {
    do {
      _ = try await connection.ask(["AUTH"] + login, until: deadline)
    } catch ProbeFailure.rejected(let message) {
      throw ProbeFailure.credentials(message: message)
    }
  }

  private func report(_ info: RedisInfo) throws(ProbeFailure) -> ServerReport {
    guard let version = info["redis_version"] else {
      throw .wrongProtocol(message: "INFO names no redis_version")
    }
    guard info["loading"] != "1" else { throw .starting(message: "loading its data") }
    let uptime = info["uptime_in_seconds"].flatMap(Double.init)
    let isValkey = info["server_name"] == "valkey"
    return ServerReport(
      flavour: isValkey ? .valkey : .redis, version: isValkey ? info["valkey_version"] ?? version : version,
      marker: info["config_file"], processID: info["process_id"].flatMap { Int($0) },
      startTime: uptime.map { Date(timeIntervalSinceNow: -$0) }, uptimeSeconds: uptime,
      runID: info["run_id"], isReadOnly: info["role"].map { $0 == "slave" },
      port: info["tcp_port"].flatMap { Int($0) })
  }
}

/// A conversation with redis: one command, one reply.
struct RedisConnection {
  let stream: any ByteStream
  let reader: RedisReader

  /// Sends a command and waits for its reply.
  /// - Throws: `ProbeFailure` by the error's code where the reply is one.
  func ask(_ words: [String], until deadline: Deadline) async throws -> RedisReply {
    try await stream.send(redisCommand(words), until: deadline)
    while true {
      if let reply = try reader.next() {
        guard case .error(let message) = reply else { return reply }
        throw redisFailure(message)
      }
      reader.feed(try await stream.receive(until: deadline))
    }
  }
}

/// What a redis error means for readiness; its first word is its code (redis's protocol specification).
func redisFailure(_ message: String) -> ProbeFailure {
  // It has no code of its own.
  if message.hasPrefix("ERR max number of clients") { return .exhausted(message: message) }
  return switch message.prefix(while: { $0 != " " }) {
  case "LOADING", "MASTERDOWN": .starting(message: message)
  case "NOAUTH", "WRONGPASS", "NOPERM": .credentials(message: message)
  default: .rejected(message: message)
  }
}

/// The `key:value` lines that `INFO` answers; empty values count as absent.
struct RedisInfo {
  private let values: [Substring: String]

  init(_ text: String) {
    let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (Substring, String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = String(line[line.index(after: colon)...])
      return value.isEmpty ? nil : (line[..<colon], value)
    }
    values = Dictionary(pairs) { $1 }
  }

  /// The value of a key.
  subscript(key: String) -> String? { values[key[...]] }
}
