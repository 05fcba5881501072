package import DockerEngine
import MonotonicTime
import Synchronization

extension InstanceContainers {
  /// The last lines of a container's output; none where there is no such container.
  package func log(of container: String, lines: Int) async throws -> [String] {
    guard try await client.inspectContainer(container, until: soon) != nil else { return [] }
    let text = try await client.logTail(of: container, lines: lines, until: soon)
    return text.split(whereSeparator: \.isNewline).suffix(lines).map(String.init)
  }

  /// Follows a container's output, after its last lines, until cancelled or until it ends.
  package func follow(
    _ container: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {
    let rest = Mutex("")
    let options = DockerClient.LogOptions(tail: lines, follow: true)
    try await client.logs(of: container, options, until: nil) { chunk in
      let complete = rest.withLock { rest -> [String] in
        rest += String(decoding: chunk.bytes, as: UTF8.self)
        var parts = rest.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        rest = parts.popLast() ?? ""
        return parts
      }
      for line in complete { await each(line) }
    }
  }
}

extension ContainerState {
  /// How a container ended, in words. A status above 128 is a signal, as for shells.
  package var ending: String {
    if wasOutOfMemory { return "out of memory" }
    if !error.isEmpty { return error }
    return exitCode > 128 ? "signal \(exitCode - 128)" : "exit code \(exitCode)"
  }
}
