import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// `drydock test`: throw-away resources, of which nothing is left.
@Suite(.nativeEngines) struct TestCommandTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      cache: { type: redis, options: { version: "7.0" } }
    services:
      web: { image: web, resources: [mydb, cache], test: "echo web $CACHE_HOST; exit 3" }
      worker: { image: web, resources: [cache], test: "echo worker $CACHE_HOST" }
    """
  private static let native = AppOptions(runtime: "native")

  /// That nothing works in the folder of a throw-away instance, which is gone.
  func expectNothing(
    of folder: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    #expect(folder.hasPrefix("/"), sourceLocation: sourceLocation)
    #expect(!FileManager.default.fileExists(atPath: folder), sourceLocation: sourceLocation)
    #expect(Self.workers(in: folder).isEmpty, sourceLocation: sourceLocation)
    guard let client = await EngineAvailability.docker().client else { return }
    let containers = try await client.listContainers(
      labels: ["dev.drydock.instance": URL(filePath: folder).lastPathComponent], until: .after(.seconds(30)))
    #expect(containers.isEmpty, sourceLocation: sourceLocation)
  }

  static func workers(in folder: String) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { id in
      let cwd = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
      return cwd?.hasPrefix(folder) == true
    }
  }

  @Test(
    "A command gets the variables of real engines, its exit code is drydock's, and nothing is left",
    arguments: await EngineAvailability.runtimes())
  func runs(_ runtime: String) async throws {
    try await withApp(Self.manifest, AppOptions(runtime: runtime)) { app in
      let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"
      let script = """
        "\(psql)" -XAt "$MYDB_URL" -c 'CREATE TABLE t (x int)' -c 'SHOW fsync'
        redis-cli -p "${CACHE_PORT%/*}" ping
        echo "$DRYDOCK_TEST_INSTANCE"
        exit 7
        """
      let result = try await app.drydock("test", "--", "sh", "-c", script)
      #expect(result.status == 7, "\(result)")
      let lines = result.stdout.split(separator: "\n").map(String.init)
      try #require(lines.count == 4, "\(result)")
      #expect(lines.prefix(3) == ["CREATE TABLE", "off", "PONG"])
      try await expectNothing(of: lines[3])
      #expect(app.instances.isEmpty)
      #expect(try app.reservedPorts().isEmpty)
      #expect(app.read(".drydock/all.env") == nil)
    }
  }

  /// Bug: the lines about resources were drawn again at the end, over the last lines of what the tests had printed.
  @Test("On a terminal the command's output stays below the lines about resources")
  func outputStays() async throws {
    try await withApp(Manifests.redis, Self.native) { app in
      let result = try await app.typing([], "test", "--", "sh", "-c", "echo hel''lo; echo by''e")
      #expect(result.status == 0, "\(result)")
      let parts = result.stdout.components(separatedBy: "hello")
      try #require(parts.count == 2, "\(result)")
      #expect(parts[0].contains("cache  ") && parts[0].contains("ready"), "\(result)")
      #expect(parts[1].trimmingCharacters(in: .whitespacesAndNewlines) == "bye", "\(result)")
    }
  }

  @Test("What runs in order is not touched, and two test runs do not meet")
  func beside() async throws {
    try await withApp(Self.manifest, Self.native) { app in
      try await app.up()
      let (before, rows) = (app.read(".drydock/all.env"), try await app.ps())
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"
      let script = #""\#(psql)" -XAt "$MYDB_URL" -c 'CREATE TABLE kept (x int)' && echo "$MYDB_PORT""#
      async let one = app.drydock("test", "--", "sh", "-c", script)
      async let two = app.drydock("test", "--", "sh", "-c", script)
      let results = try await [one, two]
      #expect(results.allSatisfy { $0.status == 0 }, "\(results)")
      let ports = Set(results.map(\.stdout)).union(["CREATE TABLE\n\(rows["mydb"]?.port ?? 0)\n"])
      #expect(ports.count == 3, "\(ports)")
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
      #expect(app.read(".drydock/all.env") == before)
      #expect(try await app.ps() == rows)
    }
  }

  /// How a run is ended, and what its command makes of it.
  struct Ending: Sendable, CustomTestStringConvertible {
    var signal: Int32
    /// What it does before it says that it is there.
    var begin = ""
    var script: String
    var status: Int32
    var testDescription: String { "signal \(signal)" }
  }

  @Test(
    "Signals reach the command, and nothing is left",
    arguments: [
      Ending(signal: SIGINT, script: "exec sleep 1000", status: 130),
      Ending(signal: SIGTERM, begin: "trap 'exit 5' TERM; ", script: "sleep 1000 & wait", status: 5),
      Ending(signal: SIGHUP, script: "exec sleep 1000", status: 129),
      Ending(signal: SIGKILL, script: "setsid sleep 1000 & sleep 1000", status: 137),
    ])
  func signalled(_ ending: Ending) async throws {
    try await withApp(Manifests.redis, Self.native) { app in
      let script = ending.begin + #"echo "$DRYDOCK_TEST_INSTANCE $$ $CACHE_PORT"; "# + ending.script
      let run = try app.start(["test", "--", "sh", "-c", script])
      try await eventually("the command") { run.stdout.hasSuffix("\n") }
      let words = run.stdout.split(whereSeparator: \.isWhitespace).map(String.init)
      try #require(words.count == 3)
      #expect(!Self.workers(in: words[0]).isEmpty)
      run.send(ending.signal)
      #expect(try await run.result().status == ending.status)
      // After kill -9 there is nobody left to wait for it.
      try await eventually("the end of everything") {
        !FileManager.default.fileExists(atPath: words[0]) && Self.workers(in: words[0]).isEmpty
          && !FileManager.default.fileExists(atPath: "/proc/\(words[1])")
      }
      try await expectNothing(of: words[0])
      // Its ports are free, and the next run forgets whose they were.
      if ending.signal == SIGKILL { #expect(try await app.drydock("test", "--", "true").status == 0) }
    }
  }

  /// What the databases of a run find in theirs before they fill it, once they were filled by others.
  private static let filled = """
    "\(psql)" -XAtq "$MYDB_URL" -c "CREATE TABLE t AS SELECT g FROM generate_series(1, 20000) g" \
      -c 'SELECT count(*) FROM t'
    """
  private static let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"

  @Test(
    "Data over a template is nobody else's, many at once, and is gone after kill -9",
    .enabled(if: Overlays.areAllowed))
  func overlaid() async throws {
    try await withApp(Manifests.postgres, Self.native) { app in
      try #require(try await app.drydock("cache", "warm").status == 0)
      let doctor = try await app.drydock("doctor")
      try #require(doctor.stdout.contains("drydock test: new data lies over a template"), "\(doctor)")
      let words = ["test", "-v", "--", "sh", "-c", Self.filled]
      #expect(try await app.start(words).result().stdout == "20000\n")
      try await withThrowingTaskGroup(of: CommandResult.self) { group in
        for _ in 0..<3 { group.addTask { try await app.start(words).result() } }
        for try await result in group {
          #expect(result.status == 0 && result.stdout == "20000\n", "\(result)")
          #expect(result.stderr.contains("overlaying") && !result.stderr.contains("copying"), "\(result)")
        }
      }
      let run = try app.start(["test", "--", "sh", "-c", #"echo "$DRYDOCK_TEST_INSTANCE"; sleep 1000"#])
      try await eventually("the command") { run.stdout.hasSuffix("\n") }
      let folder = run.stdout.trimmingCharacters(in: .newlines)
      #expect(!Overlays.mounts(in: folder).isEmpty)
      #expect(try await app.drydock("cache", "prune").stderr.contains("in use"))
      run.send(SIGKILL)
      _ = try await run.result()
      try await eventually("the end of everything") {
        !FileManager.default.fileExists(atPath: folder) && Overlays.mounts(in: folder).isEmpty
          && Self.workers(in: folder).isEmpty
      }
      try await expectNothing(of: folder)
      // It forgets whose the ports were.
      #expect(try await app.drydock("test", "--", "true").status == 0)
      #expect(try await app.drydock("cache", "prune").stdout.contains("removed template"))
    }
  }

  @Test(
    "Where an overlay is refused new data is copied, and that is said", .enabled(if: Landlock.isAvailable))
  func withoutOverlay() async throws {
    try await withApp(Manifests.postgres, Self.native) { app in
      var confined = app
      confined.prefix = Landlock.confined([])
      try #require(try await confined.drydock("cache", "warm").status == 0)
      let result = try await confined.drydock("test", "-v", "--", "sh", "-c", Self.filled)
      #expect(result.status == 0 && result.stdout == "20000\n", "\(result)")
      #expect(result.stderr.contains("copying, without an overlay"), "\(result)")
      #expect(try await confined.drydock("doctor").stdout.contains("an overlay is refused"))
    }
  }

  @Test("The services' own tests are run, one after the other; the first failure's code counts")
  func ofServices() async throws {
    try await withApp(Self.manifest, Self.native) { app in
      let all = try await app.drydock("test", "--only", "cache")
      #expect(all.status == 3, "\(all)")
      #expect(all.stdout == "web 127.0.0.1\nworker 127.0.0.1\n")
      let one = try await app.drydock("test", "--only", "cache", "worker")
      #expect(one.status == 0, "\(one)")
      #expect(one.stdout == "worker 127.0.0.1\n")
    }
  }

  @Test("What a failed command leaves on request stays until it is removed")
  func kept() async throws {
    try await withApp(Manifests.redis, Self.native) { app in
      let script = #"echo "$DRYDOCK_TEST_INSTANCE"; echo "${CACHE_PORT%/*}"; exit 9"#
      let result = try await app.drydock("test", "--keep-on-failure", "--", "sh", "-c", script)
      #expect(result.status == 9, "\(result)")
      let lines = result.stdout.split(separator: "\n").map(String.init)
      let (folder, port) = (try #require(lines.first), try #require(lines.last.flatMap { Int($0) }))
      #expect(result.stderr.contains("CACHE_URL=redis://127.0.0.1:\(port)/0"))
      #expect(try await app.redis("ping", port: port) == "PONG")
      #expect(try await app.drydock("test", "--kept").stdout.contains(folder))
      let name = URL(filePath: folder).lastPathComponent
      let list = try await app.drydock("ps", "--all")
      #expect(list.stdout.contains("app (test \(name))"), "\(list)")
      #expect(list.stderr.contains("drydock test --remove \(name)"), "\(list)")
      #expect(try await app.ps("--all")["cache"]?.port == port)
      #expect(try await app.ps().isEmpty)
      #expect(try await app.drydock("test", "--remove", name).status == 0)
      try await expectNothing(of: folder)
      #expect(try await app.drydock("test", "--remove", name).status == 64)
    }
  }

  @Test("prune lists what was kept, of this home, and removes it when told")
  func pruned() async throws {
    try await withApp(Manifests.redis, Self.native) { app in
      let script = #"echo "$DRYDOCK_TEST_INSTANCE"; exit 1"#
      let result = try await app.drydock("test", "--keep-on-failure", "--", "sh", "-c", script)
      let folder = result.stdout.trimmingCharacters(in: .newlines)
      let other = ["DRYDOCK_HOME": app.root.appending(path: "other").path(percentEncoded: false)]
      #expect(try await app.drydock("prune", "--yes", environment: other).stdout.isEmpty)
      #expect(try await app.drydock("prune").stdout.contains(folder))
      #expect(FileManager.default.fileExists(atPath: folder), "nothing is removed unasked")
      let prune = try await app.drydock("prune", "--yes")
      #expect(prune.status == 0, "\(prune)")
      try await expectNothing(of: folder)
    }
  }

  @Test("What a run left whose guard was killed too, the next one removes")
  func swept() async throws {
    try await withApp(Manifests.redis, Self.native) { app in
      let run = try app.start(["test", "--", "sh", "-c", #"echo "$DRYDOCK_TEST_INSTANCE"; exec sleep 1000"#])
      try await eventually("the command") { run.stdout.hasSuffix("\n") }
      let folder = run.stdout.trimmingCharacters(in: .newlines)
      let file = try #require(FileManager.default.contents(atPath: folder + "/guard.lock"))
      struct Holder: Decodable { var pid: Int32 }
      kill(try JSONDecoder().decode(Holder.self, from: file).pid, SIGKILL)
      run.send(SIGKILL)
      _ = try await run.result()
      try await eventually("the engine's end, by its leash") { Self.workers(in: folder).isEmpty }
      #expect(FileManager.default.fileExists(atPath: folder))
      #expect(try await app.drydock("test", "--", "true").status == 0)
      try await expectNothing(of: folder)
    }
  }

  @Test(
    "Wrong use is said before anything starts",
    arguments: [
      ["test", "pytest"], ["test", "web", "--", "true"], ["test", "--"], ["test", "--service", "web"],
      ["test", "--service", "none", "--", "true"], ["test", "--only", "none", "--", "true"],
      ["test", "--kept", "--", "true"], ["test", "web"],
      ["test", "--unknown"], ["test", "web", "--only", "cache"], ["test", "serve", "web"],
      ["test", "serve", "--", "true"], ["test", "serve", "--service", "none"],
      ["test", "--only", "cache", "serve"], ["test", "--format", "json", "--", "true"],
      ["test", "serve", "--keep-on-failure"], ["test", "--shared", "--keep-on-failure", "--", "true"],
      ["test", "--shared", "--seed", "cache=x", "--", "true"],
    ])
  func mistakes(_ words: [String]) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", isHeavy: false)) { app in
      let result = try await app.start(words).result()
      #expect(result.status == 64, "\(result)")
      #expect(app.instances.isEmpty)
    }
  }
}
