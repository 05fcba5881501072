import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// Replicas whose sources keep no log for them any more, and replicas that go.
@Suite struct ReplicaLossTests {
  private static let word = "fell too far behind its source: it is built anew"

  @Test(
    "A replica that lost its place in the log is built anew; one that goes leaves nothing", .nativeEngines)
  func lost() async throws {
    let sources = ["pg", "maria"]
    try await withApp(ReplicaApp.manifest(sources, .replicas), AppOptions(runtime: "native")) { app in
      let life = ReplicaApp(app: app, sources: sources)
      try await app.up()
      let urls = try await life.urls()
      try await life.write("CREATE TABLE notes (id int PRIMARY KEY)", urls)
      try await life.write("INSERT INTO notes VALUES (1)", urls)
      try await life.replicasHave(1, urls)
      #expect(try await app.drydock("down", "pg-copy", "maria-copy").status == 0)
      try await life.write("INSERT INTO notes VALUES (2)", urls)
      try await dropSlot(life, urls)
      try await purgeLog(life)

      let up = try await app.drydock("up")
      #expect(up.status == 0, "\(up)")
      for source in sources { #expect(up.stderr.contains("\(source)-copy  \(Self.word)"), "\(up)") }
      try await life.replicasHave(2, urls)
      try await life.write("INSERT INTO notes VALUES (3)", urls)
      try await life.replicasHave(3, urls)
      try await deletesReplicas(life, urls)
    }
  }

  /// Bug: the first refusal of a replica that recovered ended the command.
  @Test("A replica that recovers from a crash of one of its processes is waited for", .nativeEngines)
  func recovering() async throws {
    try await withApp(ReplicaApp.manifest(["pg"], .replicas), AppOptions(runtime: "native")) { app in
      let life = ReplicaApp(app: app, sources: ["pg"])
      try await app.up()
      let urls = try await life.urls()
      // Something to be replayed, so that the recovery takes its time.
      try await life.write("CREATE TABLE notes AS SELECT generate_series(1, 300000) AS id", urls)
      try await life.replicasHave(300_000, urls)
      let server = try #require(try await life.rows()["pg-copy"]?.pid)
      let before = Self.children(of: server)
      let checkpointer = try #require(before.first { $0.command.contains("checkpointer") })
      #expect(Foundation.kill(checkpointer.pid, SIGKILL) == 0)
      // Once the server has noticed, it ends the others too, and begins to recover.
      try await eventually("the crash", pause: .milliseconds(2)) {
        Set(Self.children(of: server).map(\.pid)).isDisjoint(with: before.map(\.pid))
      }
      let up = try await app.drydock("up")
      #expect(up.status == 0, "\(up)")
      #expect(try await life.rows()["pg-copy"]?.pid == server)
      #expect(try await life.counts(urls) == [300_000])
    }
  }

  private static func children(of parent: Int32) -> [(pid: Int32, command: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.compactMap { pid in
      let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
      guard stat.split(separator: ")").last?.split(separator: " ").dropFirst().first == "\(parent)" else {
        return nil
      }
      return (pid, (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? "")
    }
  }

  @Test(
    "A held back replica whose source is gone is promoted with everything that it received",
    arguments: await EngineAvailability.runtimes())
  func promotedAlone(_ runtime: String) async throws {
    let sources = ["pg", "maria", "my"]
    try await withApp(ReplicaApp.manifest(sources, .replicas), AppOptions(runtime: runtime)) { app in
      let life = ReplicaApp(app: app, sources: sources)
      try await app.up()
      let urls = try await life.urls()
      try await life.write("CREATE TABLE notes (id int PRIMARY KEY)", urls)
      try await life.replicasHave(0, urls)
      try await life.replica { ["lag", $0, "3600"] }
      try await life.replica { ["pause", $0] }
      try await life.write("INSERT INTO notes VALUES (1)", urls)
      try await life.replicasAreBehind()
      try await life.hasReceived(urls)
      for row in try await app.ps().values where sources.contains(row.resource) {
        try await RecoveryTests.kill(row)
      }
      // Only the replicas are left.
      try app.write(manifest: ReplicaApp.manifest(sources, .onlyCopies))
      try await app.up()
      #expect(try await life.counts(urls) == [1, 1, 1])
      try await life.app.query("INSERT INTO notes VALUES (2)", at: try #require(urls["pg-copy"]))
    }
  }

  @Test(
    "A replica without its container goes on, without its volume it is built anew, without its source's data it is kept",
    .dockerEngine)
  func volumes() async throws {
    let sources = ["pg", "maria", "my"]
    try await withApp(ReplicaApp.manifest(sources, .replicas), AppOptions(runtime: "docker")) { app in
      let life = ReplicaApp(app: app, sources: sources)
      try await app.up()
      let urls = try await life.urls()
      try await life.write("CREATE TABLE notes (id int PRIMARY KEY)", urls)
      try await life.write("INSERT INTO notes VALUES (1)", urls)
      try await life.replicasHave(1, urls)
      for row in try await app.ps().values where !sources.contains(row.resource) {
        try await remove(row, withVolume: false)
      }
      try await life.write("INSERT INTO notes VALUES (2)", urls)
      try await app.up()
      try await life.replicasHave(2, urls)

      for row in try await app.ps().values where !sources.contains(row.resource) { try await remove(row) }
      try await app.up()
      try await life.replicasHave(2, urls)

      try await remove(try #require(try await app.ps()["pg"]))
      let refused = try await app.drydock("up")
      #expect(refused.status == 78, "\(refused)")
      #expect(refused.stderr.contains("pg-copy is a replica of pg, whose data is gone"), "\(refused)")
      #expect(try await app.query("SELECT count(*) FROM notes", at: try #require(urls["pg-copy"])) == "2")
    }
  }

  /// Removes a container, and its volume, behind drydock's back.
  private func remove(_ row: Row, withVolume: Bool = true) async throws {
    let client = try #require(await EngineAvailability.docker().client)
    let name = try #require(row.container)
    let details = try #require(try await client.inspectContainer(name, until: .after(.seconds(30))))
    try await client.removeContainer(name, force: true, until: .after(.seconds(30)))
    guard withVolume else { return }
    let volume = try #require(details.mounts.compactMap(\.name).first)
    try await client.removeVolume(volume, until: .after(.seconds(30)))
  }

  private func administratorPassword(_ life: ReplicaApp, _ resource: String) throws -> String {
    let file = life.app.home.appending(path: "instances/\(try life.app.onlyInstance())/state.json")
    struct State: Decodable {
      struct Record: Decodable { var administratorPassword: String }
      var resources: [String: Record]
    }
    let state = try JSONDecoder().decode(State.self, from: Data(contentsOf: file))
    return try #require(state.resources[resource]).administratorPassword
  }

  private func dropSlot(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    let result = try await life.app.sql(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots", at: try #require(urls["pg"]),
      user: "drydock", password: try administratorPassword(life, "pg"), database: "postgres")
    #expect(result.status == 0, "\(result)")
    #expect(try await life.traces("pg", urls) == [])
  }

  /// Has MariaDB throw away the binary log that the replica would read next.
  private func purgeLog(_ life: ReplicaApp) async throws {
    let data = try life.app.engineFolder("maria").appending(path: "data").path
    let server = try #require(life.app.processes(naming: "--datadir=\(data)\0").first)
    let command = FileManager.default.contents(atPath: "/proc/\(server)/cmdline") ?? Data()
    let words = String(decoding: command, as: UTF8.self).split(separator: "\0")
    let socket = try #require(words.first { $0.hasPrefix("--socket=") })
    let password = try administratorPassword(life, "maria")
    func admin(_ statement: String) async throws -> CommandResult {
      try await life.app.program(
        "env", "MYSQL_PWD=\(password)", "mariadb", "--no-defaults", String(socket), "-u", "drydock",
        "--batch", "--skip-column-names", "-e", statement)
    }
    // The server keeps a file that somebody reads, and takes a moment to notice that the replica has gone.
    try await eventually("the binary log to be gone") {
      #expect(try await admin("FLUSH BINARY LOGS").status == 0)
      let logs = try await admin("SHOW BINARY LOGS").stdout.split(separator: "\n")
      let last = try #require(logs.last?.split(separator: "\t").first)
      let purged = try await admin("PURGE BINARY LOGS TO '\(last)'")
      #expect(purged.status == 0, "\(purged)")
      return try await admin("SHOW BINARY LOGS").stdout.split(separator: "\n").count == 1
    }
  }

  private func deletesReplicas(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    for source in life.sources { #expect(try await life.traces(source, urls).count == 1, "\(source)") }
    let down = try await life.app.drydock("down", "pg-copy", "maria-copy", "--delete-data", "--yes")
    #expect(down.status == 0, "\(down)")
    for source in life.sources { #expect(try await life.traces(source, urls) == [], "\(source)") }
    #expect(try await life.rows().keys.sorted() == life.sources.sorted())
  }
}
