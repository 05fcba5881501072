import DrydockTestSupport
import Foundation
import Testing

/// A rack that is killed in the middle of its work.
@Suite("A killed rack") struct RackRecoveryTests {
  private struct Build: Decodable {
    var id: String
    var status: String
    var reason: String
    var release: String
  }

  private struct Object: Decodable {
    var url: String
    enum CodingKeys: String, CodingKey { case url = "Url" }
  }

  private struct Status: Decodable {
    var status: String
    var pid: Int32?
  }

  private func begin(_ app: AppFixture, _ rack: RackClient) async throws -> Build {
    let packed = app.root.appending(path: "source.tgz")
    let path = packed.path(percentEncoded: false)
    try #require(try await app.program("tar", "-czf", path, "convox.yml", "Dockerfile").status == 0)
    let object: Object = try await rack.get(
      "POST", "/apps/made/objects/", upload: Array(try Data(contentsOf: packed)))
    return try await rack.get("POST", "/apps/made/builds", form: [("url", object.url)])
  }

  private func status(_ app: AppFixture) async throws -> Status {
    try await app.drydock("rack", "status", "--format", "json").decode()
  }

  /// How long the build sleeps, which nobody else on this machine does.
  private let nap = "4713.\(UInt32.random(in: 100_000...999_999))"

  private func sleepers(_ app: AppFixture) async throws -> String {
    let look = "grep -l 'sleep.[4]\(nap.dropFirst())' /proc/[0-9]*/cmdline; true"
    return try await app.program("sh", "-c", look).stdout
  }

  @Test(
    "during a build: it has failed, nothing is left half-made, and the next one works",
    .images("base:bookworm"))
  func build() async throws {
    let manifest = "services:\n  web: { build: . }\n"
    try await withApp(manifest, AppOptions(runtime: "docker", name: "shop")) { app in
      try app.write("FROM drydock/base:bookworm\nRUN sleep \(nap)\n", to: "Dockerfile")
      try await withRackClient(app) { rack in
        #expect(
          try await rack.ask("POST", "/apps", form: [("generation", "2"), ("name", "made")]).status == 200)
        let killed = try await begin(app, rack)
        try await eventually("the engine builds", within: .seconds(60)) { try await !sleepers(app).isEmpty }
        kill(try #require(try await status(app).pid), SIGKILL)
        try await eventually("its end") { try await status(app).status == "stopped" }
        try await eventually("the engine has given up") { try await sleepers(app).isEmpty }
        #expect(try await app.drydock("rack", "start").status == 0)
        let failed: Build = try await rack.get("GET", "/apps/made/builds/\(killed.id)")
        #expect(failed.status == "failed" && failed.reason == "the rack ended during the build")
        #expect(failed.release == "")
        let left = try await app.program(
          "find", app.home.path(percentEncoded: false), "-path", "*/builds/*", "-type", "f")
        #expect(
          Set(left.stdout.split(separator: "\n").compactMap { $0.split(separator: "/").last }) == [
            "build.json", "log",
          ])
        try app.write("FROM drydock/base:bookworm\nRUN true\n", to: "Dockerfile")
        let next = try await begin(app, rack)
        let log = try await rack.stream("/apps/made/builds/\(next.id)/logs")
        let built: Build = try await rack.get("GET", "/apps/made/builds/\(next.id)")
        #expect(built.status == "complete", "\(log)")
        #expect(try await rack.ask("DELETE", "/apps/made").status == 200)
      }
    }
  }
}
