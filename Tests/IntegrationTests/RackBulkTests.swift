import DrydockTestSupport
import Foundation
import Synchronization
import Testing

/// Large data through the rack, whose other side is slow: it waits for it, and gathers nothing.
///
/// It is 64 MB, or as many as `DRYDOCK_BULK_MEGABYTES` says.
@Suite("Large data through the rack") struct RackBulkTests {
  private static let megabytes =
    ProcessInfo.processInfo.environment["DRYDOCK_BULK_MEGABYTES"].flatMap { Int($0) } ?? 64
  /// For each way through.
  private static let time = Duration.seconds(120 + 2 * megabytes)
  /// How much more memory than at rest the rack may take, and how much it may read while nobody reads from it.
  private static let bound = 32 << 20

  private struct Named: Decodable {
    var id: String
    var status: String
    var name: String?
  }

  private struct Object: Decodable {
    var url: String
    enum CodingKeys: String, CodingKey { case url = "Url" }
  }

  /// The rack's process, as the kernel sees it.
  private struct Meter: Sendable {
    let pid: Int32

    private func number(_ file: String, _ field: String) throws -> Int {
      let text = try String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(field):") })
      return try #require(
        line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) })
    }

    /// How much more memory `body` made it take than it had, at any moment.
    func growth(_ body: () async throws -> Void) async throws -> Int {
      // Has the peak begin anew.
      try Data("5".utf8).write(to: URL(filePath: "/proc/\(pid)/clear_refs"))
      let before = try number("status", "VmRSS")
      try await body()
      return (try number("status", "VmHWM") - before) << 10
    }

    /// Waits until it reads no more than it does to look after what it runs, which is little.
    /// - Returns: How many bytes it read until then.
    func untilItWaits() async throws -> Int {
      let first = try number("io", "rchar")
      let seen = Mutex((last: first, times: 0))
      try await eventually("it waits", within: .seconds(60), pause: .milliseconds(100)) {
        let now = try number("io", "rchar")
        return seen.withLock { seen in
          seen = now - seen.last < 256 << 10 ? (now, seen.times + 1) : (now, 0)
          return seen.times >= 10
        }
      }
      return seen.withLock { $0.last } - first
    }
  }

  private func expectBounded(
    _ what: String, _ meter: Meter, _ body: () async throws -> Void
  ) async throws {
    let growth = try await meter.growth(body)
    print("\(what): \(growth >> 10) KB more than at rest")
    #expect(growth <= Self.bound, "\(what)")
  }

  private func receive(_ rack: RackClient, _ path: String, into file: URL, _ meter: Meter) async throws {
    try await rack.receive(path, into: file, within: Self.time) {
      let read = try await meter.untilItWaits()
      #expect(read <= Self.bound, "\(path)")
    }
  }

  private func withBulk(
    _ body: @escaping @Sendable (AppFixture, RackClient, Meter) async throws -> Void
  ) async throws {
    let manifest = """
      resources:
        db: { type: postgres, options: { version: "15" } }
      services:
        web: { command: sleep 1000 }
      """
    try await withApp(manifest, AppOptions(runtime: "native", name: "shop")) { app in
      try await withRackClient(app) { rack in
        struct Status: Decodable { var pid: Int32? }
        let status: Status = try await app.drydock("rack", "status", "--format", "json").decode()
        try await body(app, rack, Meter(pid: try #require(status.pid)))
      }
    }
  }

  @Test("a source is uploaded, exported while nobody reads, and imported")
  func builds() async throws {
    try await withBulk { app, rack, meter in
      let blob =
        "head -c \(Self.megabytes << 20) /dev/urandom > blob && tar -czf ../source.tgz convox.yml blob"
      try #require(try await app.program("sh", "-c", blob).status == 0)
      let source = app.root.appending(path: "source.tgz")
      let export = app.root.appending(path: "export.tgz")
      for name in ["made", "other"] {
        #expect(
          try await rack.ask("POST", "/apps", form: [("generation", "2"), ("name", name)]).status == 200)
      }
      let url = Mutex("")
      try await expectBounded("upload", meter) {
        let response = try await rack.send("POST", "/apps/made/objects/", file: source, within: Self.time)
        let object = try JSONDecoder().decode(Object.self, from: Data(response.body))
        url.withLock { $0 = object.url }
      }
      let build: Named = try await rack.get("POST", "/apps/made/builds", form: [("url", url.withLock { $0 })])
      try await expectBounded("build", meter) {
        try await eventually("the build is over", within: Self.time) {
          let now: Named = try await rack.get("GET", "/apps/made/builds/\(build.id)")
          #expect(now.status != "failed")
          return now.status == "complete"
        }
      }
      try await expectBounded("export", meter) {
        try await receive(rack, "/apps/made/builds/\(build.id).tgz", into: export, meter)
      }
      try await expectBounded("import", meter) {
        let response = try await rack.send(
          "POST", "/apps/other/builds/import", file: export, within: Self.time)
        #expect(response.status == 200, "\(response.text.prefix(1000))")
      }
    }
  }

  @Test("a database is exported while nobody reads, and imported")
  func database() async throws {
    try await withBulk { app, rack, meter in
      try await app.up()
      // A kilobyte a row, which nothing makes shorter.
      let rows = """
        CREATE TABLE bulk AS SELECT g, (SELECT string_agg(md5(random()::text || i || g), '') FROM generate_series(1, 32) i)
        FROM generate_series(1, \(Self.megabytes << 10)) g
        """
      let made = try await app.drydock("resources", "console", "db", "--", "-X", "-c", rows)
      try #require(made.status == 0, "\(made)")
      let dump = app.root.appending(path: "dump")
      try await expectBounded("export", meter) {
        try await receive(rack, "/apps/shop/resources/db/data", into: dump, meter)
      }
      let dropped = try await app.drydock("resources", "console", "db", "--", "-X", "-c", "DROP TABLE bulk")
      try #require(dropped.status == 0, "\(dropped)")
      try await expectBounded("import", meter) {
        let response = try await rack.send(
          "PUT", "/apps/shop/resources/db/data", file: dump, within: Self.time)
        #expect(response.status == 200, "\(response.text.prefix(1000))")
      }
      let count = try await app.drydock(
        "resources", "console", "db", "--", "-XAt", "-c", "SELECT count(*) FROM bulk")
      #expect(count.stdout == "\(Self.megabytes << 10)\n", "\(count)")
    }
  }
}
