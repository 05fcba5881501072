package import Containers
import DockerEngine
import MonotonicTime

/// The containers of an instance's services in a Docker engine.
package struct EngineTarget: CodeTarget {
  private let containers: InstanceContainers
  private let service: @Sendable (String) -> String?

  private var client: DockerClient { containers.client }
  /// Words of one command, so that it stays below what a kernel takes.
  private static let wordLimit = 500

  /// - Parameter service: The service to which a container belongs, by the name on its label; nil for a container that
  ///   no code is carried into, such as one for a single command.
  package init(containers: InstanceContainers, service: @escaping @Sendable (String) -> String?) {
    self.containers = containers
    self.service = service
  }

  package func containers(of service: String) async throws -> [String: String] {
    let label = ContainerKind.service.label
    let found = try await client.listContainers(
      all: false, labels: containers.names.labels.merging([label: ""]) { $1 }, until: containers.soon)
    let own = found.filter { $0.labels[label].flatMap(self.service) == service }
    return Dictionary(own.map { ($0.id, $0.imageID) }) { $1 }
  }

  package func owners(in container: String) async throws -> CopyOwners {
    func text(_ path: String) async throws -> String {
      String(
        decoding: try await client.readFile(path, in: container, until: containers.soon) ?? [], as: UTF8.self)
    }
    return CopyOwners(passwd: try await text("/etc/passwd"), group: try await text("/etc/group"))
  }

  package func put(into container: String, _ next: @escaping @Sendable () async throws -> [UInt8]?)
    async throws
  {
    _ = try await ifRunning(container) {
      try await client.putArchive(into: container, path: "/", until: .after(.seconds(300)), next: next)
    }
  }

  package func remove(files: [String], folders: [String], in container: String) async throws -> Bool {
    for words in files.pieces(of: Self.wordLimit) {
      guard try await run(["rm", "-f", "--"] + words, in: container) == 0 else { return false }
    }
    for words in folders.pieces(of: Self.wordLimit) {
      // What only the container has in it stays.
      _ = try await run(["rmdir", "--"] + words, in: container)
    }
    return true
  }

  /// The code with which a command ended; 0 where its container has ended, and 127 where there is no such program.
  private func run(_ command: [String], in container: String) async throws -> Int {
    var config = DockerClient.ExecConfig(command)
    config.user = "0"
    do {
      return try await ifRunning(container) { [config] in
        try await client.exec(config, in: container, limit: 4096, until: containers.soon).exitCode
      } ?? 0
    } catch let error as DockerError {
      guard case .server = error.code else { throw error }
      return 127
    }
  }

  /// Nil where the container has ended meanwhile.
  private func ifRunning<Value: Sendable>(
    _ container: String, _ work: @Sendable () async throws -> Value
  ) async throws -> Value? {
    do {
      return try await work()
    } catch let error as DockerError {
      // An engine that does not say what became of it has not said that it has ended.
      let found = try await client.inspectContainer(container, until: containers.soon)
      guard found?.state.isRunning == true else { return nil }
      throw error
    }
  }
}

extension Array {
  /// The elements in order, so many at a time.
  fileprivate func pieces(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
