package import DockerEngine
package import MonotonicTime

extension InstanceContainers {
  /// Runs a container to its end, and removes it whatever comes of that.
  /// - Parameter prepare: Called before it starts, with its id.
  /// - Returns: Its exit code, and the last lines that it wrote.
  package func runOnce(
    _ name: String, _ config: ContainerConfig, platform: Platform? = nil, until deadline: Deadline,
    prepare: (_ container: String) async throws -> Void = { _ in }
  ) async throws -> (status: Int, words: String) {
    // One of a command that was killed. Where it stays, the name is taken, which is told then.
    try? await client.removeContainer(name, force: true, volumes: true, until: deadline)
    let container = try await client.createContainer(name: name, config, platform: platform, until: deadline)
    do {
      try await prepare(container)
      try await client.startContainer(container, until: deadline)
      let status = try await client.waitForContainer(container, until: deadline)
      // A tool says much after the line that tells why it ends.
      let words = try await client.logTail(of: container, lines: 60, until: deadline)
      try await client.removeContainer(container, force: true, volumes: true, until: deadline)
      return (status, words)
    } catch {
      await shieldedFromCancellation {
        // The failure that led here is the one to tell; what is left carries the instance's labels.
        try? await client.removeContainer(container, force: true, volumes: true, until: soon)
      }
      throw error
    }
  }
}
