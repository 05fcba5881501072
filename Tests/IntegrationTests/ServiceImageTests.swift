import DrydockTestSupport
import Foundation
import Testing

/// The commands that are about images, volumes and limits of services in containers.
@Suite("Images and volumes of services") struct ServiceImageTests {
  private static let manifest = """
    services:
      web: { build: ., command: cat /made/word; sleep 600, volumes: [/data], scale: { cpu: 128, memory: 64 } }
    """

  private struct Built: Decodable {
    var image: String
    var isNew: Bool
  }

  private func build(_ app: AppFixture, _ words: String...) async throws -> Built {
    let result = try await app.start(["build", "--format", "json"] + words).result()
    try #require(result.status == 0, "\(result)")
    let all: [Built] = try result.decode()
    return try #require(all.first)
  }

  private struct Volume: Decodable {
    var volume: String?
  }

  @Test(
    "build, start --no-build and --aws-limits, volumes and volumes rm", .images("base:bookworm"))
  func images() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "docker")) { app in
      try app.write("FROM drydock/base:bookworm\nCOPY word /made/word\n", to: "Dockerfile")
      try app.write("first\n", to: "word")
      let early = try await app.drydock("start", "--detach", "--no-build", "--services", "container")
      #expect(early.status == 69 && early.stderr.contains("drydock build web"), "\(early)")
      let first = try await build(app)
      #expect(first.isNew)
      let second = try await build(app, "web")
      #expect(second.image == first.image && !second.isNew)
      try app.write("second\n", to: "word")
      let words = ["start", "--detach", "--no-build", "--aws-limits", "--services", "container"]
      let start = try await app.start(words).result()
      try #require(start.status == 0, "\(start)")
      #expect(try await app.drydock("exec", "web", "cat", "/made/word").stdout == "first\n")
      let limits = try await app.drydock(
        "exec", "web", "sh", "-c",
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null")
      #expect(limits.stdout == "\(64 << 20)\n", "\(limits)")
      try await once(app)
      try await volumes(app)
    }
  }

  /// `run --container`: a container of its own beside the service's, of which nothing is left.
  private func once(_ app: AppFixture) async throws {
    let words = ["run", "--container", "web", "--", "sh", "-c", "cat /made/word; cat; ls /data; exit 7"]
    let result = try await app.start(words, input: "typed\n").result()
    #expect(result.status == 7 && result.stdout == "second\ntyped\n", "\(result)")
    let none = try await app.drydock("run", "--container", "web")
    #expect(none.status == 64 && none.stderr.contains("run --container web -- sh"), "\(none)")
    let volumes: [Volume] = try await app.drydock("volumes", "--format", "json").decode()
    let filter = "volume=\(try #require(volumes.first?.volume))"
    let left = try await app.start(["docker", "ps", "--all", "--quiet", "--filter", filter], tool: true)
      .result()
    #expect(left.stdout.split(separator: "\n").count == 1, "\(left)")
  }

  private func volumes(_ app: AppFixture) async throws {
    #expect(try await app.drydock("exec", "web", "touch", "/data/kept").status == 0)
    let list = try await app.drydock("volumes")
    #expect(list.stdout.contains("/data") && list.stdout.contains("web"), "\(list)")
    let used = try await app.drydock("volumes", "rm", "/data", "--yes")
    #expect(used.status == 1 && used.stderr.contains("drydock stop web"), "\(used)")
    #expect(try await app.drydock("stop").status == 0)
    let asked = try await app.drydock("volumes", "rm", "/data")
    #expect(asked.status == 64 && asked.stderr.contains("--yes"), "\(asked)")
    let wrong = try await app.drydock("volumes", "rm", "/dtaa", "--yes")
    #expect(wrong.status == 64 && wrong.stderr.contains("/data"), "\(wrong)")
    #expect(try await app.drydock("volumes", "rm", "/data", "--yes").status == 0)
    #expect(try await app.drydock("volumes", "--format", "json").stdout == "[]\n")
  }
}
