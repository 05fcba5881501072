import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import DockerEngine

@Suite struct ConnectionTests {
  private func connect(_ path: String, until deadline: Deadline = .generous) async throws -> DockerClient {
    try await DockerClient.connect(to: DockerEndpoint(socketPath: path), until: deadline)
  }

  @Test(arguments: [
    ("1.41", "1.12", "1.41"), ("1.47", "1.24", "1.47"), ("1.51", "1.44", "1.51"), ("1.60", "1.44", "1.51"),
  ])
  func settlesOnTheNewestCommonVersion(_ newest: String, _ oldest: String, _ expected: String) async throws {
    try await StubDockerServer.run(
      StubDockerServer.engine(api: newest, oldest: oldest) { _ in .reply(200, "[]") }
    ) { server in
      let client = try await connect(server.socketPath)
      #expect(client.apiVersion == expected)
      #expect(client.engine.version == "27.3.1")
      _ = try await client.listImages(until: .generous)
      #expect(server.requests.map(\.target) == ["/_ping", "/version", "/v\(expected)/images/json"])
    }
  }

  @Test(arguments: [
    ("1.40", "1.12", DockerError.Code.engineUnavailable(.tooOld)),
    ("1.60", "1.52", .engineUnavailable(.tooNew)),
    ("two", "1.12", .invalidResponse),
  ])
  func refusesAnEngineOutsideTheRange(_ newest: String, _ oldest: String, _ expected: DockerError.Code)
    async throws
  {
    try await StubDockerServer.run(StubDockerServer.engine(api: newest, oldest: oldest)) { server in
      let code = try await failure { _ = try await connect(server.socketPath) }
      #expect(code == expected)
    }
  }

  @Test func refusesWindowsContainers() async throws {
    let version =
      #"{"Version":"27.3.1","ApiVersion":"1.47","MinAPIVersion":"1.24","Os":"windows","Arch":"amd64"}"#
    try await StubDockerServer.run({ $0.path == "/_ping" ? .reply(200, "OK") : .reply(200, version) }) {
      server in
      let code = try await failure { _ = try await connect(server.socketPath) }
      #expect(code == .engineUnavailable(.invalid))
    }
  }

  @Test func refusesAServerThatIsNoEngine() async throws {
    try await StubDockerServer.run({ _ in .reply(200, "<html>") }) { server in
      let code = try await failure { _ = try await connect(server.socketPath) }
      #expect(code == .invalidResponse)
    }
  }

  @Test func aMissingSocketIsNotRunning() async throws {
    let code = try await failure { _ = try await connect("/tmp/dk-\(UUID().uuidString)/none.sock") }
    #expect(code == .engineUnavailable(.notRunning))
  }

  @Test func aSocketThatNobodyListensOnIsNotRunning() async throws {
    let path = "/tmp/dk-\(UUID().uuidString.prefix(12))"
    try Data().write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let code = try await failure { _ = try await connect(path) }
    #expect(code == .engineUnavailable(.notRunning))
  }

  @Test func aPathTooLongForASocketIsInvalid() async throws {
    let code = try await failure { _ = try await connect("/tmp/" + String(repeating: "x", count: 120)) }
    #expect(code == .engineUnavailable(.invalid))
  }

  /// An engine that is stuck before it accepts: the kernel's queue of connections fills up.
  @Test func anEngineThatNeverAcceptsIsWaitedForUntilTheDeadline() async throws {
    let path = "/tmp/dk-\(UUID().uuidString.prefix(12))"
    #if os(Linux)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let listener = socket(AF_UNIX, stream, 0)
    defer {
      close(listener)
      unlink(path)
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafeBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { bind(listener, $0.baseAddress, UInt32(bytes.count)) }
    }
    try #require(bound == 0)
    try #require(listen(listener, 0) == 0)
    try await withThrowingTaskGroup(of: DockerError.Code.self) { group in
      for _ in 0..<8 {
        group.addTask { try await failure { _ = try await connect(path, until: .after(.milliseconds(200))) } }
      }
      for try await code in group { #expect(code == .timedOut) }
    }
  }

  /// In a process of its own, since root has to give up its rights to be refused.
  @Test func aSocketOfOthersIsNoPermission() async throws {
    await #expect(processExitsWith: .success) {
      try await StubDockerServer.run(StubDockerServer.engine()) { server in
        chmod(server.socketPath, 0)
        if geteuid() == 0 { try #require(seteuid(65534) == 0) }
        let code = try await failure {
          _ = try await DockerClient.connect(
            to: DockerEndpoint(socketPath: server.socketPath), until: .generous)
        }
        if getuid() == 0 { try #require(seteuid(0) == 0) }
        try #require(code == .engineUnavailable(.noPermission))
      }
    }
  }
}
