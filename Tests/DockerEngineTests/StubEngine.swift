import DrydockTestSupport
import MonotonicTime
import Testing

@testable import DockerEngine

extension Deadline {
  /// Far enough away never to pass in a test that works.
  static var generous: Deadline { .after(.seconds(30)) }
}

/// Runs a stub engine and a client that is connected to it.
func withClient(
  api: String = "1.47", bodyLimit: Int = 16 << 20, answer: @escaping StubDockerServer.Handler,
  body: (DockerClient, StubDockerServer) async throws -> Void
) async throws {
  try await StubDockerServer.run(StubDockerServer.engine(api: api, answer: answer)) { server in
    let client = try await DockerClient.connect(
      to: DockerEndpoint(socketPath: server.socketPath), until: .generous, bodyLimit: bodyLimit)
    try await body(client, server)
  }
}

/// Runs a call that has to fail, and returns the code of its error.
func failure(
  _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> DockerError.Code {
  try await #require(throws: DockerError.self, sourceLocation: sourceLocation) { try await body() }.code
}
