import DockerEngine
import DrydockTestSupport
import Foundation
import Testing

/// Docker engines that are not there, do not answer, or may not be used, and what cannot be had.
@Suite struct DockerAccessTests {
  @Test("No engine where DOCKER_HOST points: 69, said at once")
  func missing() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker", isHeavy: false)) { app in
      let path = app.root.appending(path: "none.sock").path
      let result = try await app.drydock("up", environment: ["DOCKER_HOST": "unix://\(path)"])
      #expect(result.status == 69 && result.stderr.contains(path), "\(result)")
    }
  }

  @Test("An engine that never answers: 69, and another message")
  func hanging() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker", isHeavy: false)) { app in
      let socket = try SilentSocket(app.root.appending(path: "silent.sock").path)
      defer { socket.stop() }
      let host = ["DOCKER_HOST": "unix://\(socket.path)"]
      let result = try await app.start(["up"], environment: host).result(within: .seconds(60))
      #expect(result.status == 69 && result.stderr.contains(socket.path), "\(result)")
      #expect(result.stderr.contains("answer"), "\(result)")
    }
  }

  @Test("An engine that may not be used: 69, with the way to get the right", .root)
  func forbidden() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker", isHeavy: false)) { app in
      let socket = try SilentSocket(app.root.appending(path: "closed.sock").path)
      defer { socket.stop() }
      chmod(socket.path, 0o600)
      let lowered = try await app.loweredTo(user: "65534")
      chown(socket.path, 0, 0)
      let result = try await lowered.drydock("up", environment: ["DOCKER_HOST": "unix://\(socket.path)"])
      #expect(result.status == 69 && result.stderr.contains("permission"), "\(result)")
    }
  }

  @Test(
    "A remote engine is refused with the reason", arguments: ["tcp://10.0.0.1:2375", "ssh://me@far.example"])
  func remote(_ host: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker", isHeavy: false)) { app in
      let result = try await app.drydock("up", environment: ["DOCKER_HOST": host])
      #expect(result.status == 69 && result.stderr.contains(host), "\(result)")
      #expect(result.stderr.contains("remote"), "\(result)")
    }
  }

  @Test("Without Docker, auto takes the engines of the machine", .nativeEngines)
  func automatic() async throws {
    try await withApp(Manifests.redis, AppOptions()) { app in
      try await app.up(environment: ["DOCKER_HOST": "unix:///nowhere.sock"])
      #expect(try await app.ps()["cache"]?.runtime == "native")
      // The choice stays with the data.
      let steps = try await app.up()
      #expect(steps["cache"]?.action == "verify")
    }
  }

  @Test("The current context of the docker command names the engine", .dockerEngine)
  func context() async throws {
    let found = await EngineAvailability.docker()
    let socket = try #require(found.client?.endpoint.socketPath)
    try await withApp(Manifests.redis, AppOptions(runtime: "docker")) { app in
      let config = app.root.appending(path: "docker")
      // The docker command names a context's folder by the SHA-256 of its name; "mine" here.
      let digest = "3fd30542fe3f61b14bd4a4b2dc0b6fb30fa6f63ebce52dd1778aaa8c4dc02cff"
      let folder = config.appending(path: "contexts/meta/\(digest)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let meta = "{\"Name\":\"mine\",\"Endpoints\":{\"docker\":{\"Host\":\"unix://\(socket)\"}}}"
      try Data(meta.utf8).write(to: folder.appending(path: "meta.json"))
      try Data("{\"currentContext\":\"mine\"}".utf8).write(to: config.appending(path: "config.json"))
      let environment = ["DOCKER_CONFIG": config.path, "DOCKER_HOST": ""]
      let result = try await app.drydock("doctor", "--format", "json", environment: environment)
      #expect(result.stdout.contains("mine"), "\(result)")
      try await app.up(environment: environment)
    }
  }

  @Test("Offline, what is missing is listed at once, and nothing is fetched", .dockerEngine)
  func offline() async throws {
    let manifest = """
      resources:
        cache: { type: redis, image: registry.invalid/absent/redis:7.0 }
        mydb: { type: postgres, image: registry.invalid/absent/postgres:15 }
        mem: { type: memcached, options: { version: "1.6" } }
      """
    try await withApp(manifest, AppOptions(runtime: "docker")) { app in
      let result = try await app.drydock("up", "--offline")
      #expect(result.status == 69, "\(result)")
      #expect(result.stderr.contains("cache: the image registry.invalid/absent/redis:7.0"), "\(result)")
      #expect(result.stderr.contains("mydb: the image registry.invalid/absent/postgres:15"), "\(result)")
      #expect(!result.stderr.contains("mem"), "what is there is not listed: \(result)")
      let steps = try await app.up("mem", "--offline")
      #expect(steps["mem"]?.status == "running")
    }
  }

  @Test("An image that no registry has is an error that names it", .dockerEngine)
  func unreachableRegistry() async throws {
    let manifest = """
      resources:
        cache: { type: redis, image: "127.0.0.1:1/absent/redis:7.0" }
      """
    try await withApp(manifest, AppOptions(runtime: "docker")) { app in
      let result = try await app.drydock("up")
      #expect(result.status == 69 && result.stderr.contains("127.0.0.1:1/absent/redis:7.0"), "\(result)")
    }
  }

  @Test("A version that nobody has: the nearest with a notice, or 69 when that is not wanted", .nativeEngines)
  func versionDrift() async throws {
    let manifest = """
      resources:
        cache: { type: redis, options: { version: "6.2" } }
        orders: { type: mysql, options: { version: "8.0" } }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      let strict = try await app.drydock("up", "--strict-version")
      #expect(strict.status == 69, "\(strict)")
      #expect(strict.stderr.contains("cache: redis 6.2 is wanted"), "\(strict)")
      #expect(strict.stderr.contains("orders"), "all of them are named: \(strict)")
      let result = try await app.drydock("up", "cache")
      #expect(result.status == 0 && result.stderr.contains("(!) cache: redis 6.2 is wanted"), "\(result)")
    }
  }
}

/// A Unix socket that accepts connections and never answers.
final class SilentSocket: Sendable {
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws {
    self.path = path
    #if os(Linux)
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
      descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    try #require(bytes.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(result == 0 && listen(descriptor, 16) == 0)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  func stop() {
    close(descriptor)
    unlink(path)
  }
}
