import Foundation
import MonotonicTime
import Testing

@testable import DockerEngine

extension Trait where Self == ConditionTrait {
  /// Skips a test where no Docker Engine answers. In CI (`CI=true`) the test runs all the same and fails.
  static var realEngine: Self {
    .enabled("no Docker Engine answers, or this is not Linux, whose shell the tests run in a container") {
      #if os(Linux)
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        return await RealEngine.discovery().client != nil
      #else
        return false
      #endif
    }
  }
}

/// A real engine, with an image of this machine's own shell, and a label by which everything made is removed
/// again.
struct RealEngine: Sendable {
  let client: DockerClient
  /// Unique, and the beginning of every name.
  let prefix: String
  let image: String
  var labels: [String: String] { ["dev.drydock.test": prefix] }

  static func discovery() async -> DiscoveryResult {
    let search = EndpointDiscovery(
      environment: ProcessInfo.processInfo.environment, home: NSHomeDirectory(), userID: getuid())
    return await search.resolve(until: .after(.seconds(60)))
  }

  /// Runs a test against the engine and removes what it made, in reverse order of dependence.
  static func run(_ body: (RealEngine) async throws -> Void) async throws {
    let found = await discovery()
    let client = try #require(found.client, "\(found.error?.message ?? "no Docker Engine")")
    let prefix = "drydock-test-" + UUID().uuidString.prefix(8).lowercased()
    let engine = RealEngine(client: client, prefix: prefix, image: prefix + "/shell:1")
    do {
      try await engine.makeImage()
      try await body(engine)
    } catch {
      try? await engine.cleanUp()
      throw error
    }
    try await engine.cleanUp()
  }

  /// A configuration that runs a shell script.
  func shell(_ script: String) -> ContainerConfig {
    var config = ContainerConfig(image: image, command: ["/bin/sh", "-c", script])
    config.labels = labels
    // Without an init process the shell ignores the stop signal, and each stop would take its whole timeout.
    config.stopSignal = "SIGKILL"
    return config
  }

  /// Makes a container that runs a script, and starts it.
  func start(_ script: String, adjust: (inout ContainerConfig) -> Void = { _ in }) async throws -> String {
    var config = shell(script)
    adjust(&config)
    let name = "\(prefix)-\(UUID().uuidString.prefix(4).lowercased())"
    let id = try await client.createContainer(name: name, config, until: .generous)
    try await client.startContainer(id, until: .generous)
    return id
  }

  private func makeImage() async throws {
    var archive = TarArchive()
    let programs = ["/bin/sh", "/bin/cat", "/bin/sleep"]
    for path in try programs + Self.libraries(of: programs) {
      let bytes = try Data(contentsOf: URL(filePath: path).resolvingSymlinksInPath())
      try archive.addFile(String(path.dropFirst()), mode: 0o755, bytes: Array(bytes))
    }
    let changes = ["LABEL dev.drydock.test=\(prefix)", "ENV PATH=/bin", "CMD [\"/bin/sh\"]"]
    _ = try await client.importImage(archive.bytes, name: image, changes: changes, until: .generous)
  }

  /// The shared libraries that programs load, by their absolute paths.
  private static func libraries(of programs: [String]) throws -> [String] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["ldd"] + programs
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let words = String(decoding: output, as: UTF8.self).split { $0 == " " || $0 == "\n" || $0 == "\t" }
    return Set(words.filter { $0.hasPrefix("/") && !$0.hasSuffix(":") }.map(String.init)).sorted()
  }

  private func cleanUp() async throws {
    for container in try await client.listContainers(labels: labels, until: .generous) {
      try await client.removeContainer(container.id, force: true, volumes: true, until: .generous)
    }
    for volume in try await client.listVolumes(labels: labels, until: .generous) {
      try await client.removeVolume(volume.name, until: .generous)
    }
    for network in try await client.listNetworks(labels: labels, until: .generous) {
      try await client.removeNetwork(network.id, until: .generous)
    }
    for image in try await client.listImages(labels: labels, until: .generous) {
      try await client.removeImage(image.id, force: true, until: .generous)
    }
  }
}
