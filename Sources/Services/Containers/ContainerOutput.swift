import DockerEngine
import MonotonicTime
import NativeProcess
import Synchronization

/// Copies what a container writes into the log of its replica.
struct ContainerOutput: Sendable {
  let client: DockerClient
  let log: SupervisedFiles

  /// Copies from where the log ends until the container does; a connection that breaks off is made anew.
  /// - Throws: `CancellationError`; `DockerError` once the container cannot be asked any more.
  func copy(from container: String) async throws {
    let writer = LineLogWriter(path: log.logFile)
    let lines = Mutex<[LogChunk.Stream: LineCut]>([:])
    var options = DockerClient.LogOptions(follow: true)
    options.since = lastLines(of: [LogSource(name: "", path: log.logFile)], 1).last.map { last in
      "\(last.line.time.nanoseconds / 1_000_000_000).\(last.line.time.nanoseconds % 1_000_000_000)"
    }
    try await client.logs(of: container, options, until: nil) { chunk in
      let whole = lines.withLock { $0[chunk.stream, default: LineCut()].take(chunk.bytes) }
      for line in whole { writer.write(line, stream: chunk.stream == .stderr ? .error : .output) }
    }
    for (stream, cut) in lines.withLock(\.self) where !cut.rest.isEmpty {
      writer.write(cut.rest, stream: stream == .stderr ? .error : .output)
    }
  }
}

/// Cuts the bytes of a stream into lines.
private struct LineCut: Sendable {
  /// What has no end yet.
  private(set) var rest: [UInt8] = []

  /// Takes bytes.
  /// - Returns: The lines that are whole by now, without their ends.
  mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
    var parts = (rest + bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    rest = Array(parts.removeLast())
    return parts.map(Array.init)
  }
}
