package import DockerEngine
import DrydockBase
import MonotonicTime

extension InstanceContainers {
  /// The last lines of a container's output; none where there is no such container.
  package func log(of container: String, lines: Int) async throws -> [String] {
    guard lines > 0, try await client.inspectContainer(container, until: soon) != nil else { return [] }
    let last = LastLines(lines)
    try await read(container, DockerClient.LogOptions(tail: lines), until: soon) { await last.add($0) }
    return await last.lines
  }

  /// Follows a container's output, after its last lines, until cancelled or until it ends.
  package func follow(
    _ container: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {
    try await read(container, DockerClient.LogOptions(tail: lines, follow: true), until: nil, each: each)
  }

  /// Follows the output of whatever container has a name, until cancelled: the next run of one that ended is waited for, and
  /// the next container in the place of one that was removed.
  package func followRuns(
    of container: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {
    var options = DockerClient.LogOptions(tail: lines, follow: true)
    var last: ContainerDetails?
    while true {
      let found = try await nextRun(of: container, after: last)
      if last != nil { (options.tail, options.since) = (nil, found.state.startedAt) }
      last = found
      do { try await read(found.id, options, until: nil, each: each) } catch let error as DockerError
        where error.code == .notFound(.container)
      {
        // Removed between the two questions.
      }
    }
  }

  /// Waits for a run that is not the last one.
  private func nextRun(of container: String, after last: ContainerDetails?) async throws -> ContainerDetails {
    var pause = Backoff(first: .milliseconds(50), limit: .seconds(1))
    while true {
      let found = try await client.inspectContainer(container, until: soon)
      if let found, found.id != last?.id || found.state.startedAt != last?.state.startedAt { return found }
      try await pause.sleep(until: .never, "the container \(container)")
    }
  }

  /// Hands on whole lines: the two streams come over one connection in pieces of any size, so each has a line of its own
  /// under way.
  private func read(
    _ container: String, _ options: DockerClient.LogOptions, until deadline: Deadline?,
    each: @escaping @Sendable (String) async -> Void
  ) async throws {
    let lines = StreamLines()
    do {
      try await client.logs(of: container, options, until: deadline) { chunk in
        for line in await lines.take(chunk) { await each(line) }
      }
    } catch {
      // What came before the end of the connection was written all the same.
      for line in await lines.finish() { await each(line) }
      throw error
    }
    for line in await lines.finish() { await each(line) }
  }
}

/// The lines of a container's two streams.
private actor StreamLines {
  private var streams: [LogChunk.Stream: LineAssembler] = [:]

  func take(_ chunk: LogChunk) -> [String] {
    streams[chunk.stream, default: LineAssembler()].take(chunk.bytes)
  }

  func finish() -> [String] {
    [LogChunk.Stream.stdout, .stderr].compactMap { streams[$0]?.finish() }
  }
}

/// The last lines of many, in bounded memory.
private actor LastLines {
  /// The most bytes that are kept, whatever number of lines is asked for.
  private static let byteLimit = 16 << 20

  private let count: Int
  private var bytes = 0
  private var kept: [String] = []
  private var first = 0

  init(_ count: Int) {
    self.count = count
  }

  var lines: [String] { Array(kept[first...]) }

  func add(_ line: String) {
    kept.append(line)
    bytes += line.utf8.count
    while kept.count - first > count || bytes > Self.byteLimit {
      bytes -= kept[first].utf8.count
      first += 1
    }
    // Taking lines off the front one at a time would move all others each time.
    if first > 1024, first > kept.count / 2 {
      kept.removeFirst(first)
      first = 0
    }
  }
}

extension ContainerState {
  /// Whether its process exists, frozen or not. Podman does not say that of a frozen one.
  package var isThere: Bool { isRunning || status == .paused }

  /// Whether somebody ended it in order: it is through, or heeded a signal that asks for that (SIGINT, SIGTERM), as
  /// `docker stop` sends it.
  package var wasStopped: Bool {
    status == .exited && !wasOutOfMemory && error.isEmpty && [0, 130, 143].contains(exitCode)
  }

  /// How a container ended, in words. A status above 128 is a signal, as for shells, as far as there are signals.
  package var ending: String {
    if wasOutOfMemory { return "out of memory" }
    if !error.isEmpty { return error }
    return (129...192).contains(exitCode) ? "signal \(exitCode - 128)" : "exit code \(exitCode)"
  }
}
