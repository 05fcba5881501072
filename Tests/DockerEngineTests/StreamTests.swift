import DrydockTestSupport
import MonotonicTime
import NIOCore
import Synchronization
import Testing

@testable import DockerEngine

private func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
  let bytes = Array(text.utf8)
  return [stream, 0, 0, 0, 0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
}

/// Gathers what a log hands on, joined by stream.
private final class Gathered: Sendable {
  private let state = Mutex((out: [UInt8](), err: [UInt8]()))

  func add(_ chunk: LogChunk) {
    state.withLock { if chunk.stream == .stdout { $0.out += chunk.bytes } else { $0.err += chunk.bytes } }
  }

  var out: String { String(decoding: state.withLock { $0.out }, as: UTF8.self) }
  var err: String { String(decoding: state.withLock { $0.err }, as: UTF8.self) }
}

@Suite struct StreamTests {
  @Test(arguments: [1, 2, 3, 7, 8, 9, 13, 1000])
  func takesFramesApartWhateverTheChunks(_ size: Int) async throws {
    let all =
      frame(1, "one\n") + frame(2, "oh\n") + frame(1, "") + frame(1, String(repeating: "z", count: 300))
    let chunks = stride(from: 0, to: all.count, by: size).map { Array(all[$0..<min($0 + size, all.count)]) }
    try await withClient(answer: { _ in .stream(chunks) }) { client, server in
      let gathered = Gathered()
      try await client.logs(of: "db", .init(tail: 20, follow: true), until: .generous) { gathered.add($0) }
      #expect(gathered.out == "one\n" + String(repeating: "z", count: 300))
      #expect(gathered.err == "oh\n")
      let request = try #require(server.requests.last)
      #expect(request.path == "/v1.47/containers/db/logs")
      #expect(request.query == ["stdout": "true", "stderr": "true", "follow": "true", "tail": "20"])
    }
  }

  @Test(arguments: [
    ("1.47", "application/vnd.docker.raw-stream", false, true),
    ("1.47", "application/vnd.docker.multiplexed-stream", true, false),
    ("1.41", "application/vnd.docker.raw-stream", false, false),
    ("1.41", "application/octet-stream", true, true),
  ])
  func knowsATerminalsOutput(_ api: String, _ type: String, _ hasTerminal: Bool, _ isRaw: Bool) async throws {
    let bytes = isRaw ? Array("plain".utf8) : frame(1, "plain")
    try await withClient(api: api, answer: { _ in .stream([bytes], headers: ["Content-Type": type]) }) {
      client, _ in
      let text = try await client.logTail(of: "db", lines: 5, hasTerminal: hasTerminal, until: .generous)
      #expect(text == "plain")
    }
  }

  @Test func keepsOnlyTheEndOfALongTail() async throws {
    try await withClient(answer: { _ in .stream([frame(1, "abcdef"), frame(2, "ghi")]) }) { client, _ in
      let text = try await client.logTail(of: "db", lines: 5, limit: 4, until: .generous)
      #expect(text == "fghi")
    }
  }

  @Test func outputThatBreaksOffInsideAFrameIsAnError() async throws {
    let half = Array(frame(1, "hello").dropLast(2))
    try await withClient(answer: { _ in .stream([half]) }) { client, _ in
      let code = try await failure { _ = try await client.logTail(of: "db", lines: 5, until: .generous) }
      #expect(code == .connectionLost)
    }
  }

  @Test(arguments: [
    Array("no frames at all".utf8), [1, 9, 9, 9, 0, 0, 0, 1, 65], [3, 0, 0, 0, 0, 0, 0, 1, 65],
  ])
  func outputWithoutFramesIsAnError(_ bytes: [UInt8]) async throws {
    try await withClient(answer: { _ in .stream([bytes]) }) { client, _ in
      let code = try await failure { _ = try await client.logTail(of: "db", lines: 5, until: .generous) }
      #expect(code == .invalidResponse)
    }
  }

  @Test func anErrorOfTheReaderEndsTheStream() async throws {
    struct Enough: Error {}
    try await withClient(answer: { _ in .stream([frame(1, "hello")], end: .hangs) }) { client, server in
      await #expect(throws: Enough.self) {
        try await client.logs(of: "db", until: nil) { _ in throw Enough() }
      }
      try await server.wait(until: .generous, "the connection to close") { $0.openConnections == 0 }
    }
  }

  @Test(arguments: [
    (["{}\n{}\n"], 2), (["{", "}\r\n", "{}"], 2), (["\n\n {}\n"], 1), ([""], 0), (["{}", "", "\n"], 1),
  ])
  func cutsLines(_ parts: [String], _ count: Int) throws {
    var lines = JSONLines()
    var found = try parts.flatMap { try lines.take(ByteBuffer(string: $0), action: "test") }
    if let last = lines.finish() { found.append(last) }
    #expect(found.count == count)
  }

  @Test func handsOnEvents() async throws {
    let lines = [
      #"{"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"exitCode":"3"}},"timeNano":17}"#,
      #"{"Type":"volume","Action":"create","Actor":{"ID":"v1"}}"#,
    ].map { Array(($0 + "\n").utf8) }
    try await withClient(answer: { _ in .stream(lines) }) { client, server in
      let events = Mutex<[EngineEvent]>([])
      try await client.events(
        filters: ["type": ["container"], "label": ["b", "a=1"]], since: "12", until: .generous
      ) {
        event in events.withLock { $0.append(event) }
      }
      let seen = events.withLock { $0 }
      #expect(seen.map(\.action) == ["die", "create"])
      #expect(seen.first?.attributes["exitCode"] == "3")
      #expect(seen.first?.timeNano == 17)
      #expect(
        server.requests.last?.query == [
          "filters": #"{"label":["b","a=1"],"type":["container"]}"#, "since": "12",
        ])
    }
  }
}
