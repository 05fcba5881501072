import DrydockTestSupport
import Foundation
import Testing

/// What the first release left on a machine. It has to come up with its data whatever is changed here.
@Suite struct ReleaseTests {
  /// Root's layout, where engines have users of their own, and that of a user.
  private static let owners = getuid() == 0 ? ["root", "65534"] : ["\(getuid())"]

  @Test(
    "An instance of the first release is found stopped, and comes up with its data", .nativeEngines,
    arguments: owners)
  func comesUp(_ owner: String) async throws {
    try await withApp("", AppOptions(runtime: "native")) { app in
      try await ReleaseFixture.place(in: app)
      let app = owner == "65534" ? try await app.loweredTo(user: owner) : app
      let before = try await app.ps()
      #expect(before.mapValues(\.status).filter { $0.key != "files" }.values.allSatisfy { $0 == "stopped" })
      #expect(try await app.drydock("logs", "cache").stdout.contains("a line of an older run"))
      try await app.up()
      #expect(app.read(".drydock/id")?.split(whereSeparator: \.isWhitespace).first == "zeojabp1wq5i")
      #expect(app.instances == [ReleaseFixture.shared, ReleaseFixture.app])
      try await expectData(app, before)
    }
  }

  private func expectData(_ app: AppFixture, _ before: [String: Row]) async throws {
    let after = try await app.ps()
    #expect(after.mapValues(\.port) == before.mapValues(\.port))
    #expect(after.values.allSatisfy { $0.status == "running" && $0.runtime != "docker" })
    let variables = try await app.variables()
    for name in ["MYDB_URL", "LEGACY_URL"] {
      #expect(try await app.query("SELECT answer FROM kept", at: #require(variables[name])) == "42")
    }
    #expect(try await app.redis("get", "kept", port: #require(after["cache"]?.port)) == "42")
    #expect(try await app.drydock("env", "get", "TOKEN").stdout == "kept\n")
    let folder = URL(filePath: try #require(after["files"]?.directory))
    #expect(try String(contentsOf: folder.appending(path: "note"), encoding: .utf8).hasPrefix("a file of"))
    let start = try await app.drydock("resources", "start", "shared")
    try #require(start.status == 0, "\(start)")
    // Linked, as it was.
    let url = try await app.drydock("env", "web", "--format", "json").decode([String: String].self)[
      "SHARED_URL"]
    let port = try #require(url.flatMap { URLComponents(string: $0)?.port })
    #expect(try await app.redis("get", "shared", port: port) == "yes")
  }
}
