import DrydockTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import DockerEngine

/// Gives pieces one after the other.
private final class Pieces: Sendable {
  private let rest: Mutex<[[UInt8]]>
  init(_ pieces: [[UInt8]]) { rest = Mutex(pieces) }
  func next() -> [UInt8]? { rest.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}

private func lines(_ lines: [String]) -> [[UInt8]] { lines.map { Array(($0 + "\n").utf8) } }

@Suite struct BuildTests {
  @Test func sendsTheContextAndTellsTheSteps() async throws {
    let answer = lines([
      #"{"stream":"Step 1/2 : FROM scratch"}"#, #"{"stream":"\n"}"#, #"{"stream":"Step 2/2 : COPY . /\n"}"#,
      #"{"stream":" ---\u003e Using cache\n"}"#,
      #"{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"a"}"#,
      #"{"aux":{"ID":"sha256:77"}}"#, #"{"stream":"Successfully built 77\n"}"#,
    ])
    try await withClient(answer: { _ in .stream(answer) }) { client, server in
      var options = BuildOptions()
      options.dockerfile = "docker/Dockerfile"
      options.tags = ["a:1", "b:2"]
      options.target = "development"
      options.arguments = ["A": "1 ä", "B": ""]
      options.labels = ["l": "v"]
      options.ignoresCache = true
      options.networkMode = "host"
      let pieces = Pieces([[UInt8](repeating: 1, count: 100_000), [2, 3]])
      let events = Mutex<[BuildEvent]>([])
      let id = try await client.buildImage(options, context: { pieces.next() }) { event in
        events.withLock { $0.append(event) }
      }
      #expect(id == "sha256:77")
      let request = try #require(server.requests.last)
      #expect(request.method == "POST")
      #expect(request.path == "/v1.47/build")
      #expect(request.header("content-type") == "application/x-tar")
      #expect(request.header("transfer-encoding") == "chunked")
      #expect(request.header("content-length") == nil)
      #expect(request.body == [UInt8](repeating: 1, count: 100_000) + [2, 3])
      #expect(
        request.query == [
          "dockerfile": "docker/Dockerfile", "target": "development", "buildargs": #"{"A":"1 ä","B":""}"#,
          "labels": #"{"l":"v"}"#, "nocache": "1", "networkmode": "host", "rm": "1", "forcerm": "1",
          "t": "a:1",
        ])
      #expect(request.target.contains("&t=b%3A2"))
      let copy = BuildStep(number: 2, total: 2, instruction: "COPY . /")
      #expect(events.withLock { $0.contains(.step(copy)) && $0.contains(.cached(copy)) })
      let text = events.withLock {
        $0.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined()
      }
      #expect(
        text == "Step 1/2 : FROM scratch\nStep 2/2 : COPY . /\n ---> Using cache\nSuccessfully built 77\n")
    }
  }

  @Test(arguments: [
    (
      #"{"errorDetail":{"code":3,"message":"The command '/bin/sh -c dial tcp; exit 3' returned a non-zero code: 3"},"error":"x"}"#,
      DockerError.Code.buildFailed(exit: 3)
    ),
    (
      #"{"errorDetail":{"message":"process \"/bin/sh -c x\" did not complete successfully: exit code: 127"},"error":"x"}"#,
      .buildFailed(exit: 127)
    ),
    (
      #"{"errorDetail":{"message":"COPY failed: file not found in build context"},"error":"x"}"#,
      .buildFailed(exit: nil)
    ),
    (
      #"{"errorDetail":{"message":"pull access denied for x, repository does not exist"},"error":"x"}"#,
      .accessDenied
    ),
    (
      #"{"error":"Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host"}"#,
      .registryUnreachable
    ),
  ])
  func tellsWhyABuildFailed(_ line: String, _ code: DockerError.Code) async throws {
    try await withClient(answer: { _ in .stream(lines([line])) }) { client, _ in
      let found = try await failure { _ = try await client.buildImage(BuildOptions(), context: { nil }) }
      #expect(found == code)
    }
  }

  @Test func aSourceThatFailsFailsTheBuild() async throws {
    struct Broken: Error {}
    try await withClient(answer: { _ in .stream([]) }) { client, server in
      let pieces = Pieces([[1, 2]])
      await #expect(throws: Broken.self) {
        _ = try await client.buildImage(
          BuildOptions(),
          context: {
            guard let piece = pieces.next() else { throw Broken() }
            return piece
          })
      }
      try await server.wait(until: .generous, "the end of the connection") { $0.openConnections == 0 }
    }
  }

  @Test func silenceEndsABuild() async throws {
    let begin = lines([#"{"stream":"Step 1/1 : RUN sleep"}"#])
    for answer in [StubResponse.silence, .stream(begin, end: .hangs)] {
      try await withClient(answer: { _ in answer }) { client, _ in
        let code = try await failure {
          _ = try await client.buildImage(BuildOptions(), context: { nil }, silence: .milliseconds(200))
        }
        #expect(code == .timedOut)
      }
    }
  }

  @Test func cancellingClosesTheConnection() async throws {
    try await withClient(answer: { _ in .silence }) { client, server in
      let build = Task { try await client.buildImage(BuildOptions(), context: { nil }) }
      try await server.wait(until: .generous, "the request") {
        $0.requests.last?.path.hasSuffix("/build") == true
      }
      build.cancel()
      await #expect(throws: CancellationError.self) { _ = try await build.value }
      try await server.wait(until: .generous, "the end of the connection") { $0.openConnections == 0 }
    }
  }

  // MARK: BuildKit

  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    var rest = bytes.count
    repeat {
      length.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return [number << 3 | 2] + length + bytes
  }

  private static func trace(_ message: [UInt8]) -> String {
    #"{"id":"moby.buildkit.trace","aux":""# + Data(message).base64EncodedString() + "\"}"
  }

  @Test func readsWhatBuildKitTells() async throws {
    func vertex(_ digest: String, _ name: String, _ more: [UInt8]) -> [UInt8] {
      Self.field(1, Self.field(1, Array(digest.utf8)) + Self.field(3, Array(name.utf8)) + more)
    }
    let (started, completed, cached) = (
      Self.field(5, [8, 1]), Self.field(6, [8, 2]), [UInt8](arrayLiteral: 0x20, 1)
    )
    func log(_ digest: String, _ text: String) -> [UInt8] {
      Self.field(3, Self.field(1, Array(digest.utf8)) + [0x18, 1] + Self.field(4, Array(text.utf8)))
    }
    let answer = lines([
      Self.trace(vertex("i", "[internal] load build definition from Dockerfile", started)),
      Self.trace(vertex("r", "[assets 2/3] RUN make", []) + vertex("c", "[3/3] COPY . .", started + cached)),
      Self.trace(vertex("r", "[assets 2/3] RUN make", started) + log("r", "one\ntw") + log("r", "o\nend")),
      Self.trace(
        vertex("r", "[assets 2/3] RUN make", started + completed + Self.field(7, Array("exit code: 2".utf8)))),
      #"{"id":"moby.image.id","aux":{"ID":"sha256:88"}}"#,
    ])
    try await withClient(answer: { _ in .stream(answer) }) { client, server in
      let events = Mutex<[BuildEvent]>([])
      var options = BuildOptions()
      options.usesBuildKit = true
      let id = try await client.buildImage(options, context: { nil }) { event in
        events.withLock { $0.append(event) }
      }
      #expect(id == "sha256:88")
      #expect(server.requests.last?.query["version"] == "2")
      let make = BuildStep(number: 2, total: 3, stage: "assets", instruction: "RUN make")
      let copy = BuildStep(number: 3, total: 3, instruction: "COPY . .")
      #expect(
        events.withLock { $0 } == [
          .text("#1 [internal] load build definition from Dockerfile\n"), .step(copy),
          .text("#2 [3/3] COPY . .\n"),
          .cached(copy), .text("#2 CACHED\n"), .step(make), .text("#3 [assets 2/3] RUN make\n"),
          .text("#3 one\n"),
          .text("#3 two\n"), .text("#3 end\n"), .text("#3 ERROR: exit code: 2\n"),
        ])
    }
  }

  @Test(arguments: [
    "////", "CgX/////", "gICAgICAgICAgICA", "C", "!", "CgA=", "Cg4KAWEaAW5Q////////////AQ==", "",
  ])
  func hostileTracesEndTheCallAtMost(_ trace: String) async throws {
    let line = #"{"id":"moby.buildkit.trace","aux":""# + trace + "\"}"
    try await withClient(answer: { _ in .stream(lines([line])) }) { client, _ in
      let code = try await failure { _ = try await client.buildImage(BuildOptions(), context: { nil }) }
      #expect(code == .invalidResponse)
    }
  }
}
