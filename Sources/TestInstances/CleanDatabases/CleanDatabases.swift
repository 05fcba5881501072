import ConvoxManifest
import Servers

/// What gives clean databases of SQL servers to each of its tests.
struct CleanDatabases: Sendable {
  private let servers: [CleanDatabaseServer]

  /// Those of servers that are up.
  init(_ servers: [SQLServer], names: PoolNames = PoolNames()) {
    self.servers = servers.map { server in
      CleanDatabaseServer(
        server.copies, server.endpoint, needsTLS: server.needsTLS, key: Secret.make(), names: names)
    }
  }

  /// Serves them while `body` runs.
  /// - Parameter body: Gets the variables by which they are found.
  func serving<Value: Sendable>(_ body: ([String: String]) async throws -> Value) async throws -> Value {
    guard !servers.isEmpty else { return try await body([:]) }
    let (addresses, continuation) = AsyncStream.makeStream(of: (CleanDatabaseServer, String).self)
    // Not in a group of the caller's: a command that is interrupted still gives back what it has. It is ended and awaited
    // below, whatever happens.
    let serving = Task { [servers] in
      defer { continuation.finish() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for server in servers {
          group.addTask { try await server.run { continuation.yield((server, $0)) } }
        }
        try await group.waitForAll()
      }
    }
    let result: Result<Value, any Error>
    do { result = .success(try await body(try await variables(addresses, serving))) } catch {
      result = .failure(error)
    }
    serving.cancel()
    _ = await serving.result
    return try result.get()
  }

  private func variables(
    _ addresses: AsyncStream<(CleanDatabaseServer, String)>, _ serving: Task<Void, any Error>
  ) async throws -> [String: String] {
    let first = servers.first(where: \.isPostgres)?.resource
    var variables: [String: String] = [:]
    var missing = servers.count
    for await (server, url) in addresses {
      variables["\(Resource.environmentPrefix(of: server.resource))_INTEGRESQL_URL"] = url
      if server.resource == first {
        variables["INTEGRESQL_CLIENT_BASE_URL"] = url
        variables["INTEGRESQL_CLIENT_API_VERSION"] = "v1"
      }
      missing -= 1
      if missing == 0 { return variables }
    }
    // The stream has ended before: one of them cannot listen.
    try await serving.value
    return variables
  }
}
