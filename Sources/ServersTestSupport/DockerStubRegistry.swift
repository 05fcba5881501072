import AppStateTestSupport
import DockerEngine
package import DrydockTestSupport
import MonotonicTime
package import Servers
import Synchronization

extension DockerStub {
  /// Runs a stub whose registry has some images, by their names, with what they say of themselves in a variable.
  package static func withRegistry(
    _ images: [String: String], environment: [String: String] = [:], answers: [String: StubResponse] = [:],
    _ body: (ContainerRuntime, _ pulls: () -> [String], StubDockerServer) async throws -> Void
  ) async throws {
    let pulled = Mutex<Set<String>>([])
    let stub = DockerStub(answers: answers)
    let handler: StubDockerServer.Handler = { request in
      let query = request.query
      if request.call == "POST /images/create" {
        let name =
          (query["fromImage"] ?? "").replacing("docker.io/library/", with: "") + ":\(query["tag"] ?? "")"
        guard images[name] != nil else {
          return .stream([Array(#"{"error":"manifest for \#(name) not found: manifest unknown"}"#.utf8)])
        }
        pulled.withLock { _ = $0.insert(name) }
        return .stream([Array(#"{"status":"Pull complete","id":"a"}"#.utf8)])
      }
      let name = request.call.replacing("GET /images/", with: "").replacing("/json", with: "")
      if let variable = images[name], pulled.withLock({ $0.contains(name) }) {
        return .image("sha256:1", variable: variable)
      }
      return stub.handle(request)
    }
    try await TestHome.with { test in
      try await StubDockerServer.run(handler) { server in
        let runtime = ContainerRuntime(
          client: try await .connect(to: .init(socketPath: server.socketPath), until: .after(.seconds(30))),
          names: ResourceNames(id: "abc123def456"), environment: environment,
          stateFolder: try test.folder("state"))
        let pulls = {
          server.requests.filter { $0.call == "POST /images/create" }.compactMap { $0.query["tag"] }
        }
        try await body(runtime, pulls, server)
      }
    }
  }
}
