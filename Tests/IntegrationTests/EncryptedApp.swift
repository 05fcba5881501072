import DrydockTestSupport
import Foundation
import Testing

/// An app of a test, with a state folder of its own; the built programs are run in it.
struct EncryptedApp: Sendable {
  let root: URL
  let runtime: String

  /// What a program said and how it ended.
  struct Ending: Sendable, CustomStringConvertible {
    let status: Int32
    let stdout: String
    let stderr: String

    var text: String { stdout.trimmingCharacters(in: .whitespacesAndNewlines) }
    var description: String { "status \(status)\n\(stdout)\n\(stderr)" }
  }

  /// The runtimes that can be tried here.
  static let runtimes: [String] = {
    let hasNative = InstalledEngines.postgres != nil && InstalledEngines.redis != nil
    let images = ["drydock/redis:7.0", "drydock/postgres:15", "drydock/mariadb:10.11"]
    let docker = Process()
    docker.executableURL = URL(filePath: "/usr/bin/env")
    docker.arguments = ["docker", "image", "inspect"] + images
    docker.standardOutput = FileHandle.nullDevice
    docker.standardError = FileHandle.nullDevice
    try? docker.run()
    docker.waitUntilExit()
    return (hasNative ? ["native"] : []) + (docker.terminationStatus == 0 ? ["docker"] : [])
  }()

  /// Runs `body` with an app that is up, and removes everything of it afterwards.
  static func with(
    _ manifest: String, _ runtime: String, up arguments: [String] = [],
    _ body: (EncryptedApp) async throws -> Void
  ) async throws {
    // Short, since sockets lie below it, and open to the users that engines drop to.
    let root = URL(filePath: "/tmp/drydock-enc-\(UUID().uuidString.prefix(8).lowercased())")
    let folder = root.appending(path: "app")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try manifest.write(to: folder.appending(path: "convox.yml"), atomically: true, encoding: .utf8)
    let app = EncryptedApp(root: root, runtime: runtime)
    let result: Result<Void, any Error>
    do {
      let up = try await app.drydock(["up"] + arguments)
      try #require(up.status == 0, "\(up)")
      result = .success(try await body(app))
    } catch {
      result = .failure(error)
    }
    let down = try await app.drydock(["down", "--delete-data", "--yes"])
    #expect(down.status == 0, "\(down)")
    try? FileManager.default.removeItem(at: root)
    try result.get()
  }

  func drydock(_ arguments: [String], environment: [String: String] = [:]) async throws -> Ending {
    try await run([try BuiltProducts.executable("drydock")] + arguments, environment: environment)
  }

  /// A program in the app's folder, with nothing of the caller's own settings for TLS.
  func run(_ command: [String], environment: [String: String] = [:]) async throws -> Ending {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = root.appending(path: "app")
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    process.environment = [
      "PATH": path, "HOME": root.path, "DRYDOCK_HOME": root.appending(path: "home").path,
      "DRYDOCK_RUNTIME": runtime, "DRYDOCK_SPARES": "0",
    ].merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files hold any amount without anybody reading meanwhile.
    let names = ["out", "err"].map { root.appending(path: "\($0)-\(UUID().uuidString)") }
    for name in names { try Data().write(to: name) }
    process.standardOutput = try FileHandle(forWritingTo: names[0])
    process.standardError = try FileHandle(forWritingTo: names[1])
    let status = try await withCheckedThrowingContinuation { waiter in
      process.terminationHandler = { waiter.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { waiter.resume(throwing: error) }
    }
    let texts = try names.map { try String(contentsOf: $0, encoding: .utf8) }
    return Ending(status: status, stdout: texts[0], stderr: texts[1])
  }

  /// The variables of all resources.
  func variables() async throws -> [String: String] {
    let ending = try await drydock(["env", "--format", "json"])
    try #require(ending.status == 0, "\(ending)")
    return try JSONDecoder().decode([String: String].self, from: Data(ending.stdout.utf8))
  }

  /// The actions of an `up`, by resource.
  func up(_ arguments: [String] = []) async throws -> [String: String] {
    struct Step: Decodable {
      var resource: String
      var action: String
    }
    let ending = try await drydock(["up", "--format", "json"] + arguments)
    try #require(ending.status == 0, "\(ending)")
    let steps = try JSONDecoder().decode([Step].self, from: Data(ending.stdout.utf8))
    return Dictionary(steps.map { ($0.resource, $0.action) }) { first, _ in first }
  }

  /// The certificate authority's path.
  func authority() async throws -> String { try await drydock(["ca"]).text }

  /// The system's roots: for a client that trusts the world, but not us.
  static let foreignAuthority = "/etc/ssl/certs/ca-certificates.crt"
}
