import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// Engines that died, and traces that lie.
@Suite struct RecoveryTests {
  @Test(
    "An engine that was killed is shown as crashed, and up restarts it with the same variables",
    arguments: await EngineAvailability.runtimes())
  func engineKilled(_ runtime: String) async throws {
    try await withApp(Manifests.small, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let variables = try await app.variables()
      let url = try #require(variables["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      let before = try await app.ps()
      for row in before.values { try await Self.kill(row) }
      try await eventually("the crash") {
        try await app.ps().values.allSatisfy { $0.status == "crashed" }
      }
      for row in try await app.ps().values {
        #expect(row.reason?.contains("signal") == true, "\(row)")
        #expect(row.resource == "mem" || row.lastLog?.isEmpty == false, "\(row)")
      }
      let listing = try await app.drydock("ps")
      #expect(listing.stderr.contains("mydb | "), "the last lines of its log: \(listing)")
      try await app.up()
      #expect(try await app.variables() == variables)
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
      #expect(try await app.ps().values.allSatisfy { $0.status == "running" })
    }
  }

  /// Kills a server as a crash would.
  static func kill(_ row: Row) async throws {
    if row.runtime == "native" {
      Foundation.kill(try #require(row.pid), SIGKILL)
    } else {
      let client = try #require(await EngineAvailability.docker().client)
      try await client.killContainer(try #require(row.container), until: .after(.seconds(30)))
    }
  }

  @Test(
    "Data that is removed from outside is made anew and said, and what ran on it is ended",
    arguments: await EngineAvailability.runtimes())
  func dataRemoved(_ runtime: String) async throws {
    let manifest = """
      resources:
        mydb: { type: postgres, options: { version: "15" } }
        cache: { type: redis, options: { version: "7.0" } }
      """
    try await withApp(manifest, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let rows = try await app.ps()
      var orphans: [Int32] = []
      if runtime == "native" {
        orphans = app.processes(naming: try app.engineFolder("mydb").path)
        try FileManager.default.removeItem(at: app.engineFolder("mydb"))
        try FileManager.default.removeItem(at: app.engineFolder("cache").appending(path: "data"))
        #expect(try await app.ps().values.allSatisfy { $0.status == "unhealthy" })
      } else {
        let client = try #require(await EngineAvailability.docker().client)
        for row in rows.values {
          let name = try #require(row.container)
          let details = try #require(try await client.inspectContainer(name, until: .after(.seconds(30))))
          try await client.removeContainer(name, force: true, volumes: true, until: .after(.seconds(30)))
          let volume = try #require(details.mounts.compactMap(\.name).first)
          try await client.removeVolume(volume, until: .after(.seconds(30)))
        }
        #expect(try await app.ps().values.allSatisfy { $0.reason == "its data is gone" })
      }
      let result = try await app.drydock("up")
      try #require(result.status == 0, "\(result)")
      for name in ["mydb", "cache"] {
        #expect(result.stderr.contains("WARNING: the data of \(name) is gone"), "\(result)")
      }
      #expect(try await app.ps().mapValues(\.port) == rows.mapValues(\.port))
      // Those whose parents went first are gone once somebody has reaped them.
      try await eventually("the end of what ran on it") { orphans.allSatisfy { Foundation.kill($0, 0) != 0 } }
      let again = try await app.drydock("up")
      #expect(!again.stderr.contains("gone"), "\(again)")
    }
  }

  @Test("A machine that went down left no keeper: stopped, and up again with its data", .nativeEngines)
  func powerCut() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      try await app.up()
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      for process in app.processes() { Foundation.kill(process, SIGKILL) }
      try await eventually("the end of all processes") { app.processes().isEmpty }
      // Their numbers now belong to others, who must be neither taken for the engine nor harmed.
      let innocent = try app.start(["sleep", "600"], tool: true)
      defer { innocent.send(SIGKILL) }
      let folder = try app.engineFolder("mydb")
      try replaceNumbers(in: folder.appending(path: "process/engine.status"), by: innocent.processID)
      let lock = folder.appending(path: "data/postmaster.pid")
      var lines = try String(contentsOf: lock, encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false)
      lines[0] = "\(innocent.processID)"
      try lines.joined(separator: "\n").write(to: lock, atomically: true, encoding: .utf8)
      let row = try #require(try await app.ps()["mydb"])
      #expect(row.status != "running" && row.pid == nil, "\(row)")
      try await app.up()
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
      _ = try await app.drydock("down")
      #expect(Foundation.kill(innocent.processID, 0) == 0, "the stranger lives")
      innocent.send(SIGKILL)
      _ = try await innocent.result()
    }
  }

  /// Puts another process's number and start wherever the record holds one.
  private func replaceNumbers(in file: URL, by number: Int32) throws {
    let record = try String(contentsOf: file, encoding: .utf8)
    // The start is the 22nd field, the 20th behind the name in brackets.
    let stat = try String(contentsOf: URL(filePath: "/proc/\(number)/stat"), encoding: .utf8)
    let start = stat.split(separator: ")").last.map { $0.split(separator: " ")[19] } ?? "0"
    let changed = record.replacing(/"pid":[0-9]+,"start":[0-9]+/) { _ in
      "\"pid\":\(number),\"start\":\(start)"
    }
    #expect(changed != record, "the record names no process: \(record)")
    try changed.write(to: file, atomically: true, encoding: .utf8)
  }

  @Test("MariaDB and redis come back after the whole machine went down", .nativeEngines)
  func powerCutOfOthers() async throws {
    let manifest = """
      resources:
        legacy: { type: mariadb, options: { version: "10.11" } }
        cache: { type: redis, options: { version: "7.0" } }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try await app.up()
      let url = try #require(try await app.variables()["LEGACY_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      for process in app.processes() { Foundation.kill(process, SIGKILL) }
      try await eventually("the end of all processes") { app.processes().isEmpty }
      try await app.up()
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
    }
  }

  @Test("A state file that cannot be understood is refused and left as it is", .nativeEngines)
  func damagedState() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      let file = app.home.appending(path: "instances/\(try app.onlyInstance())/state.json")
      let good = try Data(contentsOf: file)
      for (text, word) in [("{\"format\": 1, \"id\"", "damaged"), ("{\"format\": 99}", "newer drydock")] {
        try Data(text.utf8).write(to: file)
        let result = try await app.drydock("up")
        #expect(result.status == 78 && result.stderr.contains(word), "\(result)")
        #expect(try Data(contentsOf: file) == Data(text.utf8))
      }
      try good.write(to: file)
      let steps = try await app.up()
      #expect(steps["cache"]?.action == "verify")
    }
  }

  @Test(
    "A server that hangs is not healthy, however willingly its port accepts connections",
    arguments: await EngineAvailability.runtimes())
  func hangingServer(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let row = try #require(try await app.ps()["cache"])
      try await signal(row, SIGSTOP, "SIGSTOP")
      let status = try await app.ps()["cache"]?.status
      let result = try await app.drydock("up", "--timeout", "3")
      try await signal(row, SIGCONT, "SIGCONT")
      #expect(status == "unhealthy" || status == "starting", "\(status ?? "-")")
      #expect(result.status == 75, "\(result)")
      #expect(result.stderr.contains("cache") && result.stderr.contains("  | "), "its last lines: \(result)")
      #expect(result.stderr.contains("--timeout"), "\(result)")
      let steps = try await app.up()
      #expect(steps["cache"]?.action == "verify", "it was left running")
    }
  }

  private func signal(_ row: Row, _ number: Int32, _ name: String) async throws {
    if let pid = row.pid {
      Foundation.kill(pid, number)
    } else {
      let client = try #require(await EngineAvailability.docker().client)
      try await client.killContainer(try #require(row.container), signal: name, until: .after(.seconds(30)))
    }
  }
}
