import DockerEngine
import DrydockBase
import DrydockTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import ImageBuilds

extension Trait where Self == ConditionTrait {
  /// Skips a test where no engine answers or it has no image with a shell. In CI it runs all the same and fails.
  static var realBuilder: Self {
    .enabled("no Docker engine answers that has the image drydock/base:bookworm (make images)") {
      if EngineAvailability.isCI { return true }
      return await EngineAvailability.hasImages(["base:bookworm"])
    }
  }
}

private let base = "drydock/base:bookworm"

@Suite(.realBuilder) struct ImageBuilderTests {
  /// A builder for an app in a folder of its own; its images are removed afterwards.
  private func withBuilder(
    _ files: [String: String], environment: [String: String] = [:], development: Bool = true,
    _ body: (ImageBuilder, URL, EventLog) async throws -> Void
  ) async throws {
    let found = await EngineAvailability.docker()
    let client = try #require(found.client, "\(found.reason)")
    let name = "drydock-test-" + UUID().uuidString.prefix(8).lowercased()
    let events = EventLog()
    try await withTestFolder { folder in
      for (path, text) in files { try write(path, text, in: folder) }
      let builder = ImageBuilder(
        client: client, app: folder.path, environment: environment, isDevelopment: development,
        labels: ["dev.drydock.test": name], repository: name)
      do {
        try await body(builder, folder, events)
      } catch {
        try? await builder.removeReplaced(keeping: [])
        throw error
      }
      try await builder.removeReplaced(keeping: [])
      let left = try await client.listImages(labels: builder.labels, until: .after(.seconds(30)))
      #expect(left.isEmpty)
    }
  }

  private func build(
    _ builder: ImageBuilder, _ events: EventLog, _ source: ImageSource = ImageSource(),
    ignoresCache: Bool = false
  ) async throws -> BuiltImage {
    events.clear()
    return try await builder.build(source, ignoresCache: ignoresCache) { events.add($0) }
  }

  private final class EventLog: Sendable {
    private let stored = Mutex<[ImageBuildEvent]>([])
    var events: [ImageBuildEvent] { stored.withLock { $0 } }
    func add(_ event: ImageBuildEvent) { stored.withLock { $0.append(event) } }
    func clear() { stored.withLock { $0 = [] } }
  }

  @Test func buildsOnceAndAgainAfterAChange() async throws {
    let files = [
      "Dockerfile":
        "FROM \(base)\nARG TOKEN\nENV T=$TOKEN\nCOPY . /app\nRUN cat /app/a && test ! -e /app/tmp\n",
      "a": "one", "tmp/x": "no", ".dockerignore": "tmp\n",
    ]
    try await withBuilder(files, environment: ["TOKEN": "t", "OTHER": "o"]) { builder, folder, events in
      let first = try await build(builder, events)
      #expect(first.isNew)
      let text = events.events.compactMap { event in
        if case .engine(.text(let text)) = event { text } else { nil }
      }.joined()
      #expect(text.contains("\none"))
      let image = try #require(try await builder.client.inspectImage(first.id, until: .after(.seconds(30))))
      #expect(image.variable("T") == "t")
      #expect(image.repoTags.allSatisfy { $0.hasPrefix(builder.repository + ":") })

      let second = try await build(builder, events)
      #expect(second == BuiltImage(id: first.id, isNew: false))
      #expect(events.events == [.unchanged])

      try write("tmp/y", "still no", in: folder)
      #expect(try await build(builder, events).id == first.id)

      try write("a", "two", in: folder)
      let third = try await build(builder, events)
      #expect(third.isNew)
      #expect(third.id != first.id)
      // What it replaces is gone by itself.
      let left = try await builder.client.listImages(labels: builder.labels, until: .after(.seconds(30)))
      #expect(left.map(\.id) == [third.id])

      #expect(try await build(builder, events, ignoresCache: true).isNew)
    }
  }

  @Test func takesTheDevelopmentStage() async throws {
    let files = [
      // What a stage that nobody wants leaves behind would stay: this one leaves nothing.
      "Dockerfile": "FROM \(base) AS development\nFROM scratch\nCOPY a /\nENV STAGE=last\n",
      "a": "",
    ]
    for (isDevelopment, stage) in [(true, nil), (false, "last")] {
      try await withBuilder(files, development: isDevelopment) { builder, _, events in
        let id = try await build(builder, events).id
        let image = try #require(try await builder.client.inspectImage(id, until: .after(.seconds(30))))
        #expect(image.variable("STAGE") == stage)
      }
    }
  }

  @Test(arguments: ["", "RUN --mount=type=cache,target=/x true\n"])
  func namesTheLineOfAStepThatFails(_ buildKit: String) async throws {
    let files = [
      "web/Dockerfile": "FROM \(base) AS one\n\(buildKit)# no step\nRUN echo last words && exit 7\nRUN true\n"
    ]
    try await withBuilder(files) { builder, _, events in
      let error = try await #require(throws: DrydockError.self) {
        _ = try await build(builder, events, ImageSource(path: "web"))
      }
      let line = buildKit.isEmpty ? 3 : 4
      #expect(error.message == "web/Dockerfile:\(line): RUN echo last words && exit 7 ended with 7")
      #expect(error.details.contains { $0.contains("last words") })
      #expect(error.code == .failed)
    }
  }

  @Test func buildKitDoesWhatTheClassicBuilderCannot() async throws {
    let files = [
      "Dockerfile": """
      # syntax=docker/dockerfile:1.4
      FROM \(base) AS one
      ARG TARGETARCH
      RUN --mount=type=cache,target=/cache echo "arch $TARGETARCH"
      COPY --chmod=0700 a /a
      RUN test "$(stat -c %a /a)" = 700
      """, "a": "",
    ]
    try await withBuilder(files) { builder, _, events in
      let image = try await build(builder, events)
      #expect(image.isNew)
      let steps = events.events.compactMap { event in
        if case .engine(.step(let step)) = event { step.instruction } else { nil }
      }
      #expect(steps.contains { $0.hasPrefix("RUN --mount=type=cache") })
      #expect(try await build(builder, events) == BuiltImage(id: image.id, isNew: false))
    }
  }

  @Test func aDockerfileBesideTheFolderIsNotInTheImage() async throws {
    let files = [
      "docker/Dockerfile.web": "FROM \(base)\nCOPY . /app\nRUN test \"$(ls -A /app)\" = app.rb\n",
      "web/app.rb": "x",
    ]
    try await withBuilder(files) { builder, _, events in
      let source = ImageSource(path: "web", manifest: "../docker/Dockerfile.web")
      let image = try await build(builder, events, source)
      #expect(image.isNew)
    }
  }

  @Test func cancellingEndsABuild() async throws {
    let files = ["Dockerfile": "FROM \(base)\nRUN sleep 600\n"]
    try await withBuilder(files) { builder, _, _ in
      let (began, begin) = AsyncStream.makeStream(of: Void.self)
      let task = Task {
        try await builder.build(ImageSource()) { event in
          if case .engine(.step(let step)) = event, step.instruction.hasPrefix("RUN") { begin.yield() }
        }
      }
      for await _ in began { break }
      task.cancel()
      await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
  }
}

/// What an engine is asked for, by one that has no images.
@Suite struct ImageBuilderCallTests {
  private func client(
    api: String, _ dockerfile: String, body: (ImageBuilder, StubDockerServer) async throws -> Void
  ) async throws {
    let engine = StubDockerServer.engine(api: api) { request in
      if request.path.hasSuffix("/images/json") { return .reply(200, "[]") }
      if request.path.hasSuffix("/build") { return .reply(200, #"{"aux":{"ID":"sha256:1"}}"#) }
      return .reply(404, #"{"message":"No such image"}"#)
    }
    try await StubDockerServer.run(engine) { server in
      let client = try await DockerClient.connect(
        to: DockerEndpoint(socketPath: server.socketPath), until: .after(.seconds(30)))
      try await withTestFolder { folder in
        try write("Dockerfile", dockerfile, in: folder)
        let builder = ImageBuilder(
          client: client, app: folder.path, environment: ["A": "a"], isDevelopment: true, labels: ["l": "v"],
          repository: "r")
        try await body(builder, server)
      }
    }
  }

  @Test func heredocsOnAnEngineWithoutThemAreRefusedWithTheirLine() async throws {
    try await client(api: "1.41", "FROM scratch\nRUN <<EOF\nx\nEOF\n") { builder, server in
      let error = try await #require(throws: DockerfileError.self) {
        _ = try await builder.build(ImageSource())
      }
      #expect(error.line == 2)
      #expect(!server.requests.contains { $0.path.hasSuffix("/build") })
    }
    try await client(api: "1.42", "FROM scratch\nRUN <<EOF\nx\nEOF\n") { builder, server in
      _ = try await builder.build(ImageSource())
      #expect(server.requests.last { $0.path.hasSuffix("/build") }?.query["version"] == "2")
    }
  }

  /// The classic builder takes it for a comment; BuildKit would go and get the image.
  @Test(arguments: [
    ("# syntax=docker/dockerfile:1\nFROM scratch\n", "# syntax=docker/dockerfile:1\nFROM scratch\n"),
    ("# syntax=x/y:1\nFROM scratch\nCOPY --link a b\n", "#\nFROM scratch\nCOPY --link a b\n"),
    (
      "#syntax=x\n# escape=`\nFROM scratch\nCOPY --link a b\n",
      "# escape=`\n#\nFROM scratch\nCOPY --link a b\n"
    ),
  ])
  func leavesTheFrontendOutWhereItIsNotHere(_ text: String, _ sent: String) async throws {
    try await client(api: "1.47", text) { builder, server in
      _ = try await builder.build(ImageSource())
      let request = try #require(server.requests.last { $0.path.hasSuffix("/build") })
      let file = try tarMembers(request.body).first { $0.name == "Dockerfile" }
      #expect(file.map { String(decoding: $0.content, as: UTF8.self) } == sent)
    }
  }

  @Test func asksForWhatConvoxAsksFor() async throws {
    try await client(api: "1.47", "FROM scratch AS development\nARG A B\nFROM scratch\n") { builder, server in
      let image = try await builder.build(ImageSource(arguments: ["C=c"]), ignoresCache: true)
      #expect(image == BuiltImage(id: "sha256:1", isNew: true))
      let query = try #require(server.requests.last { $0.path.hasSuffix("/build") }).query
      #expect(query["buildargs"] == #"{"A":"a","C":"c"}"#)
      #expect(query["target"] == "development")
      #expect(query["networkmode"] == "host")
      #expect(query["nocache"] == "1")
      #expect(query["version"] == nil)
      #expect(query["labels"]?.contains(#""l":"v""#) == true)
    }
  }
}
