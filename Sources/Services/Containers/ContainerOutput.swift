import DockerEngine
import MonotonicTime
import NativeProcess
import Synchronization

/// Copies what a container writes into the log of its replica.
struct ContainerOutput: Sendable {
  let client: DockerClient
  let log: SupervisedFiles
  /// Whether the container has a terminal, which ends its lines by two characters.
  let hasTerminal: Bool

  /// Copies from where the log ends until the container does; a connection that breaks off is made anew.
  /// - Throws: `CancellationError`; `DockerError` once the container cannot be asked any more.
  /// - Parameters:
  ///   - follows: Whether more is waited for.
  ///   - deadline: When to give up; nil for never.
  func copy(from container: String, follows: Bool = true, until deadline: Deadline? = nil) async throws {
    let writer = LineLogWriter(path: log.logFile)
    let lines = Mutex<[LogChunk.Stream: LineCut]>([:])
    var options = DockerClient.LogOptions(follow: follows)
    options.hasTerminal = hasTerminal
    options.since = lastLines(of: [LogSource(name: "", path: log.logFile)], 1).last.map { last in
      "\(last.line.time.nanoseconds / 1_000_000_000).\(last.line.time.nanoseconds % 1_000_000_000)"
    }
    try await client.logs(of: container, options, until: deadline) { chunk in
      let whole = lines.withLock { $0[chunk.stream, default: LineCut()].take(chunk.bytes) }
      for line in whole { writer.write(ended(line), stream: chunk.stream == .stderr ? .error : .output) }
    }
    for (stream, cut) in lines.withLock(\.self) where !cut.rest.isEmpty {
      writer.write(cut.rest, stream: stream == .stderr ? .error : .output)
    }
  }

  private func ended(_ line: [UInt8]) -> [UInt8] {
    hasTerminal && line.last == UInt8(ascii: "\r") ? line.dropLast() : line
  }
}

/// Cuts the bytes of a stream into lines.
private struct LineCut: Sendable {
  /// What has no end yet.
  private(set) var rest: [UInt8] = []

  /// Takes bytes.
  /// - Returns: The lines that are whole by now, without their ends.
  mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
    let parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var lines: [[UInt8]] = []
    for (number, part) in parts.enumerated() {
      if number > 0 {
        lines.append(rest)
        rest = []
      }
      rest += part
      while rest.count > LogLine.limit {
        lines.append(Array(rest.prefix(LogLine.limit)))
        rest.removeFirst(LogLine.limit)
      }
    }
    return lines
  }
}
