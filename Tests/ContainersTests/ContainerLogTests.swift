import DockerEngine
import DrydockTestSupport
import MonotonicTime
import Synchronization
import Testing

@testable import Containers

/// What containers write, as a stub sends it: in frames of two streams over one connection.
@Suite struct ContainerLogTests {
  /// Runs a stub whose log consists of these frames, in pieces of so many bytes.
  private func withLog(
    _ frames: [(stream: UInt8, text: String)], piece: Int = 1_000,
    end: StubResponse.StreamEnd = .complete, _ body: (InstanceContainers) async throws -> Void
  ) async throws {
    let all = frames.flatMap { frame in
      let bytes = Array(frame.text.utf8)
      let length = (0..<4).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) }
      return [frame.stream, 0, 0, 0] + length + bytes
    }
    let pieces = stride(from: 0, to: all.count, by: piece).map { Array(all[$0..<min($0 + piece, all.count)]) }
    let engine = StubDockerServer.engine { request in
      request.path.hasSuffix("/logs")
        ? .stream(pieces, end: end) : .reply(200, Self.container)
    }
    try await StubDockerServer.run(engine) { server in
      let client = try await DockerClient.connect(
        to: DockerEndpoint(socketPath: server.socketPath), until: .after(.seconds(30)))
      try await body(InstanceContainers(client: client, names: ContainerNames(id: "abc123def456")))
    }
  }

  private static let container = """
    {"Id":"c","Name":"/web","Image":"sha256:web","State":{"Status":"running","Running":true,"OOMKilled":false,
    "ExitCode":0,"Error":"","StartedAt":"2025-01-02T03:04:05.678901234Z"},"Config":{"Image":"web","Labels":{}},
    "NetworkSettings":{"Ports":{},"Networks":{}}}
    """

  private func followed(_ containers: InstanceContainers) async throws -> [String] {
    let lines = Mutex<[String]>([])
    try await containers.follow("web", lines: 5) { line in lines.withLock { $0.append(line) } }
    return lines.withLock { $0 }
  }

  private static let mixed: [(stream: UInt8, text: String)] = [
    (1, "grö"), (2, "warn"), (1, "ße 1\n\nzwei"), (2, "ung\r\n"), (1, " drei\nlast of out"),
    (2, "last of err"),
  ]
  private static let lines = ["größe 1", "", "warnung", "zwei drei", "last of out", "last of err"]

  /// Bugs: characters were cut at the ends of pieces, a line of one stream was put into one of the other, empty lines and
  /// the last one were lost.
  @Test(arguments: [1, 3, 7, 1_000])
  func linesAreWholeWhateverThePieces(_ piece: Int) async throws {
    try await withLog(Self.mixed, piece: piece) { containers in
      let all = try await followed(containers)
      #expect(all == Self.lines)
      #expect(try await containers.log(of: "web", lines: 100) == Self.lines)
      #expect(try await containers.log(of: "web", lines: 2) == ["last of out", "last of err"])
      #expect(try await containers.log(of: "web", lines: 0) == [])
    }
  }

  /// Bug: a line without an end was held in memory for as long as it grew.
  @Test func aLineIsBounded() async throws {
    let frames = [(stream: UInt8(1), text: String(repeating: "x", count: 300_000)), (1, "\nnext\n")]
    try await withLog(frames, piece: 50_000) { containers in
      let lines = try await followed(containers)
      #expect(lines.count == 2)
      #expect(lines.first?.utf8.count ?? 0 < 70_000)
      #expect(lines.first?.hasSuffix("more bytes)") == true)
      #expect(lines.last == "next")
    }
  }

  /// Bug: 64 KiB were kept of however many lines were asked for.
  @Test func aLongTailIsWhole() async throws {
    let all = (1...20_000).map { "line number \($0)" }
    try await withLog([(1, all.joined(separator: "\n") + "\n")], piece: 60_000) { containers in
      let tail = try await containers.log(of: "web", lines: 15_000)
      #expect(tail == Array(all.suffix(15_000)))
    }
  }

  /// Bug: whoever followed a server's log saw nothing any more once it was started again.
  @Test func theNextRunIsFollowedToo() async throws {
    let asked = Mutex<[String]>([])
    let engine = StubDockerServer.engine { request in
      let run = asked.withLock { asked in
        asked.append(request.target)
        return asked.count { $0.contains("/logs") }
      }
      guard request.path.hasSuffix("/logs") else {
        return .reply(200, Self.container.replacing("678901234Z", with: run == 0 ? "1Z" : "2Z"))
      }
      let text = Array("run \(run)\n".utf8)
      return .stream([[1, 0, 0, 0, 0, 0, 0, UInt8(text.count)] + text], end: .complete)
    }
    try await StubDockerServer.run(engine) { server in
      let client = try await DockerClient.connect(
        to: DockerEndpoint(socketPath: server.socketPath), until: .after(.seconds(30)))
      let containers = InstanceContainers(client: client, names: ContainerNames(id: "abc123def456"))
      let (lines, continuation) = AsyncStream.makeStream(of: String.self)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await containers.followRuns(of: "web", lines: 5) { continuation.yield($0) } }
        group.addTask {
          var seen: [String] = []
          for await line in lines {
            seen.append(line)
            if seen.count == 2 { break }
          }
          #expect(seen == ["run 1", "run 2"])
        }
        try await group.next()
        group.cancelAll()
      }
    }
    let logs = asked.withLock { $0.filter { $0.contains("/logs") } }
    #expect(logs.first?.contains("tail=5") == true)
    #expect(logs.last?.contains("since=2025-01-02T03%3A04%3A05.2Z") == true)
  }

  @Test func whatCameBeforeTheConnectionBrokeIsTold() async throws {
    try await withLog([(1, "one\nhalf")], end: .breaksOff) { containers in
      let lines = Mutex<[String]>([])
      await #expect(throws: DockerError.self) {
        try await containers.follow("web", lines: 5) { line in lines.withLock { $0.append(line) } }
      }
      #expect(lines.withLock { $0 } == ["one", "half"])
    }
  }
}
