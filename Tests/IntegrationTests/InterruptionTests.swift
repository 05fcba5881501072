import DrydockTestSupport
import Foundation
import Testing

/// Runs of `up` that do not get to their end.
@Suite struct InterruptionTests {
  /// When `up` is hit, by what it says on stderr.
  struct Moment: Sendable, CustomTestStringConvertible {
    var runtime: String
    var phase: String
    var testDescription: String { "\(runtime), \(phase)" }
  }

  static let native = ["initialising", "starting", "waiting", "provisioning"].map {
    Moment(runtime: "native", phase: $0)
  }
  static let docker = ["starting", "waiting", "provisioning"].map { Moment(runtime: "docker", phase: $0) }

  static func moments() async -> [Moment] {
    let runtimes = await EngineAvailability.runtimes()
    return (native + docker).filter { runtimes.contains($0.runtime) }
  }

  /// Between two looks for a moment that passes.
  private static let moment = Duration.milliseconds(2)

  @Test("After kill -9 at any moment the next up finishes the work", arguments: await moments())
  func killed(_ moment: Moment) async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: moment.runtime)) { app in
      let run = try app.start(["up"])
      // A server that is ready at the first look is never waited for.
      try await eventually("\(moment.phase)", pause: Self.moment) {
        run.stderr.contains("mydb  \(moment.phase)") || run.stderr.contains("mydb  ready")
      }
      run.send(SIGKILL)
      _ = try await run.result()
      let reserved = try app.reservedPorts()
      try await app.up()
      try await expectOneHealthyServer(app)
      #expect(try app.reservedPorts() == reserved, "no port is lost")
    }
  }

  /// Bug: an engine that shuts down holds its lock and answers; it was taken for one that runs, or waited for in vain.
  @Test("After kill -9 of down the next up ends up", arguments: await EngineAvailability.runtimes())
  func killedWhileStopping(_ runtime: String) async throws {
    let manifest = """
      resources:
        mydb: { type: postgres, options: { version: "15" } }
        legacy: { type: mariadb, options: { version: "10.11" } }
        cache: { type: redis, options: { version: "7.0" } }
        mem: { type: memcached, options: { version: "1.6" } }
      """
    try await withApp(manifest, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let before = try await app.variables()
      let url = try #require(before["LEGACY_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      let run = try app.start(["down"])
      try await eventually("a stop", pause: Self.moment) { try app.stopMarks() > 0 }
      run.send(SIGKILL)
      _ = try await run.result()
      try await app.up()
      let rows = try await app.ps().values
      #expect(rows.allSatisfy { $0.status == "running" }, "\(rows)")
      #expect(try await app.variables() == before)
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
      #expect(try app.stopMarks() == 0)
    }
  }

  @Test("MariaDB too, killed while its data directory is made", .nativeEngines)
  func killedWhileInitialising() async throws {
    try await withApp(Manifests.mariadb, AppOptions(runtime: "native")) { app in
      let run = try app.start(["up"])
      try await eventually("initialising", pause: Self.moment) {
        run.stderr.contains("legacy  initialising")
      }
      run.send(SIGKILL)
      _ = try await run.result()
      try await app.up()
      let url = try #require(try await app.variables()["LEGACY_URL"])
      #expect(try await app.query("SELECT 1", at: url) == "1")
      try await eventually("one server") { app.processes(naming: "--datadir=").count == 1 }
    }
  }

  /// How `up` is interrupted.
  struct Signal: Sendable, CustomTestStringConvertible {
    var number: Int32
    var name: String
    var toGroup: Bool
    var phase: String
    var manifest = Manifests.postgres
    var resource = "mydb"
    var testDescription: String { "\(name) to the \(toGroup ? "group" : "process"), \(phase)" }
  }

  static let signals = [
    Signal(number: SIGINT, name: "SIGINT", toGroup: true, phase: "initialising"),
    Signal(number: SIGTERM, name: "SIGTERM", toGroup: false, phase: "initialising"),
    // A new MariaDB takes its time before it answers; PostgreSQL is ready before a signal arrives.
    Signal(
      number: SIGHUP, name: "SIGHUP", toGroup: true, phase: "starting", manifest: Manifests.mariadb,
      resource: "legacy"),
    Signal(
      number: SIGINT, name: "SIGINT", toGroup: true, phase: "waiting", manifest: Manifests.mariadb,
      resource: "legacy"),
  ]

  @Test(
    "A signal ends up in order, with its status and without an orphan", .nativeEngines, arguments: signals)
  func interrupted(_ signal: Signal) async throws {
    try await withApp(signal.manifest, AppOptions(runtime: "native")) { app in
      let run = try app.start(["up"])
      try await eventually(signal.phase, pause: Self.moment) {
        run.stderr.contains("\(signal.resource)  \(signal.phase)")
      }
      if signal.toGroup { run.sendToGroup(signal.number) } else { run.send(signal.number) }
      let result = try await run.result(within: .seconds(60))
      #expect(result.status == 128 + signal.number, "\(result)")
      #expect(app.processes().isEmpty, "no engine and no initialisation goes on")
      // Bug: what drydock itself had ended while it was being started counted as crashed.
      let status = try await app.ps()[signal.resource]?.status
      #expect(status == "stopped" || status == "starting" || status == nil, "\(status ?? "")")
      let folder = try app.engineFolder(signal.resource)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(!left.contains { $0.hasPrefix("data.new") }, "no half-made data: \(left)")
      try await app.up()
      try await expectOneHealthyServer(app, signal.resource)
    }
  }

  @Test("Ctrl-C while a replica is copied from its source leaves nothing half-made", .nativeEngines)
  func interruptedCopy() async throws {
    try await withApp(ReplicaApp.manifest(["pg"], .none), AppOptions(runtime: "native")) { app in
      try await app.up()
      let source = try #require(try await app.variables()["PG_URL"])
      // A hundred megabytes, so that the copy is not done before the signal arrives.
      try await app.query(
        """
        CREATE UNLOGGED TABLE big AS SELECT repeat(md5(i::text), 32) AS t FROM generate_series(1, 100000) i;
        ALTER TABLE big ALTER t SET STORAGE PLAIN; ALTER TABLE big SET LOGGED
        """, at: source)
      try app.write(manifest: ReplicaApp.manifest(["pg"], .replicas))
      let run = try app.start(["up"])
      let folder = try app.engineFolder("pg-copy")
      try await eventually("the copy", pause: Self.moment) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.contains {
          FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/base").path)
        }
      }
      run.sendToGroup(SIGINT)
      let result = try await run.result(within: .seconds(60))
      #expect(result.status == 130, "\(result)")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(!left.contains { $0.hasPrefix("data") }, "neither half-made data nor whole: \(left)")
      #expect(app.processes(naming: folder.path).isEmpty, "no copying goes on")
      #expect(!left.contains { $0.contains("pgpass") }, "no password: \(left)")
      try await app.up()
      let replica = try #require(try await app.variables()["PG_COPY_URL"])
      #expect(try await app.query("SELECT count(*) FROM big", at: replica) == "100000")
      #expect(try await app.query("SELECT count(*) FROM pg_replication_slots", at: source) == "1")
    }
  }

  @Test("A second Ctrl-C ends it at once", .nativeEngines)
  func twice() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      let run = try app.start(["up"])
      try await eventually("initialising", pause: Self.moment) { run.stderr.contains("mydb  initialising") }
      run.send(SIGINT)
      run.send(SIGTERM)
      let result = try await run.result(within: .seconds(60))
      #expect([128 + SIGINT, 128 + SIGTERM].contains(result.status), "\(result)")
      try await app.up()
      try await expectOneHealthyServer(app)
    }
  }

  @Test("Ctrl-C while a container starts stops it again", .dockerEngine)
  func interruptedContainer() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "docker")) { app in
      let run = try app.start(["up"])
      try await eventually("waiting", pause: Self.moment) { run.stderr.contains("mydb  waiting") }
      run.sendToGroup(SIGINT)
      let result = try await run.result(within: .seconds(60))
      #expect(result.status == 130, "\(result)")
      let status = try await app.ps()["mydb"]?.status
      #expect(status == "stopped", "\(status ?? "-")")
      try await app.up()
      try await expectOneHealthyServer(app)
    }
  }

  @Test("The output of up ends when up ends, though engines live on", .nativeEngines)
  func outputEnds() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      let binary = try BuiltProducts.executable("drydock")
      // A shell's $(…) waits until nobody holds the pipe any more.
      let result = try await app.program(
        "timeout", "60", "sh", "-c", "out=$(\"$0\" up 2>&1) && echo \"$out\" | grep -c running", binary)
      #expect(result.status == 0, "\(result)")
    }
  }

  private func expectOneHealthyServer(_ app: AppFixture, _ resource: String = "mydb") async throws {
    let row = try #require(try await app.ps()[resource])
    #expect(row.status == "running", "\(row)")
    let url = try #require(try await app.variables()["\(resource.uppercased())_URL"])
    #expect(try await app.query("SELECT 1", at: url) == "1")
    guard row.runtime == "native" else { return }
    let folder = try app.engineFolder(resource)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.hasPrefix("data.new") }, "no half-made data: \(left)")
    // A child that the server has just made has the server's command line until it names itself.
    try await eventually("one server") { app.processes(naming: "\(folder.path)/data").count == 1 }
  }
}

extension AppFixture {
  /// How many stops were asked for and neither ended in a start nor were forgotten.
  func stopMarks() throws -> Int {
    let files = FileManager.default.enumerator(atPath: home.path)?.compactMap { $0 as? String } ?? []
    return files.count { $0.contains("/stop-requested") }
  }

  /// The ports that the home has reserved.
  func reservedPorts() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: home.appending(path: "ports").path).sorted()
  }
}
