import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// Read replicas of all three engines at once: one app lives through what can happen to it.
@Suite struct ReplicaTests {
  @Test(
    "Replicas stream, are held back, outlive restarts and are promoted",
    arguments: await EngineAvailability.runtimes())
  func life(_ runtime: String) async throws {
    let sources = ["pg", "maria", "my"]
    try await withApp(ReplicaApp.manifest(sources, .none), AppOptions(runtime: runtime)) { app in
      let life = ReplicaApp(app: app, sources: sources)
      try await addsReplicas(life)
      let urls = try await life.urls()
      try await streams(life, urls)
      try await refusesWrites(life, urls)
      try await delays(life, urls)
      try await pauses(life, urls)
      try await survivesSourceRestart(life, urls)
      try await staysPaused(life, urls)
      try await survivesRestart(life, urls)
      try await keepsSources(life)
      try await promotes(life, urls)
      try await refusesToFollowAgain(life)
    }
  }

  /// Replicas added to a running instance: the sources are left alone.
  private func addsReplicas(_ life: ReplicaApp) async throws {
    try await life.app.up()
    let before = try await life.rows()
    try life.write(.replicas)
    let steps = try await life.app.up()
    let after = try await life.rows()
    for source in life.sources {
      #expect(steps[source]?.action == "verify")
      #expect(before[source]?.process == after[source]?.process)
      #expect(after[ReplicaApp.copy(source)]?.source == source)
    }
    try await leavesNoPasswords(after)
  }

  /// Bug: a container kept the files by which its copy was made, with administrators' passwords.
  private func leavesNoPasswords(_ rows: [String: ReplicaRow]) async throws {
    for container in rows.values.compactMap(\.container) {
      let client = try #require(await EngineAvailability.docker().client)
      let list = try await client.exec(
        .init(["sh", "-c", "ls /drydock /tmp"]), in: container, until: .after(.seconds(30)))
      let names = String(decoding: list.stdout, as: UTF8.self)
      for name in ["source.cnf", "replica.cnf", "source.pgpass", "drydock-source"] {
        #expect(!names.contains(name), "\(container): \(names)")
      }
    }
  }

  private func streams(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    for source in life.sources {
      let one = try #require(urls[source].flatMap { URLComponents(string: $0) })
      let other = try #require(urls[ReplicaApp.copy(source)].flatMap { URLComponents(string: $0) })
      #expect(one.user == other.user && one.password == other.password && one.path == other.path)
      #expect(one.port != other.port)
    }
    try await life.write("CREATE TABLE notes (id int PRIMARY KEY)", urls)
    try await life.write("INSERT INTO notes VALUES (1)", urls)
    try await life.replicasHave(1, urls)
    let rows = try await life.rows()
    for source in life.sources {
      let replication = try #require(rows[ReplicaApp.copy(source)]?.replication, "\(source)")
      #expect(replication.isConnected && replication.isApplying && !replication.isLost)
      #expect(replication.lag != nil && ["bytes", "transactions"].contains(replication.lagUnit))
    }
  }

  private func refusesWrites(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    for source in life.sources {
      let url = try #require(urls[ReplicaApp.copy(source)])
      for statement in ["INSERT INTO notes VALUES (99)", "CREATE TABLE other (id int)"] {
        let result = try await life.app.sql(statement, at: url)
        #expect(result.status != 0 && result.stderr.contains(/read.only/), "\(source): \(result)")
      }
    }
  }

  private func delays(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    try await life.replica { ["lag", $0, "3600"] }
    try await life.write("INSERT INTO notes VALUES (2)", urls)
    try await life.replicasAreBehind()
    #expect(try await life.counts(urls) == life.sources.map { _ in 1 })
    try await life.replica { ["lag", $0, "0"] }
    try await life.replicasHave(2, urls)
  }

  private func pauses(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    try await life.replica { ["pause", $0] }
    // A delay set meanwhile lets it no further, and neither does an `up`.
    try await life.replica { ["lag", $0, "1"] }
    try await life.app.up()
    try await life.write("INSERT INTO notes VALUES (3)", urls)
    try await life.replicasAreBehind()
    let rows = try await life.rows()
    for source in life.sources {
      #expect(rows[ReplicaApp.copy(source)]?.replication?.isApplying == false, "\(source)")
    }
    #expect(try await life.counts(urls) == life.sources.map { _ in 2 })
  }

  /// The sources are stopped and started while the replicas are paused: those wait, and go on when told to.
  private func survivesSourceRestart(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    let before = try await life.rows()
    let down = try await life.app.start(["down"] + life.sources).result()
    #expect(down.status == 0, "\(down)")
    for source in life.sources {
      let copy = ReplicaApp.copy(source)
      let refused = try await life.app.drydock("up", copy)
      #expect(refused.status == 1, "\(refused)")
      #expect(
        refused.stderr.contains("resource \(copy) is a replica of \(source), which does not run"),
        "\(refused)")
      #expect(refused.stderr.contains("drydock up \(source) \(copy)"), "\(refused)")
    }
    try await life.app.up()
    #expect(try await life.counts(urls) == life.sources.map { _ in 2 })
    try await life.replica { ["resume", $0] }
    try await life.replica { ["lag", $0, "0"] }
    try await life.write("INSERT INTO notes VALUES (4)", urls)
    try await life.replicasHave(4, urls)
    let after = try await life.rows()
    for copy in life.sources.map(ReplicaApp.copy) { #expect(before[copy]?.process == after[copy]?.process) }
  }

  /// A pause outlives the replica's own end, in order and by a kill.
  private func staysPaused(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    let copies = life.sources.map(ReplicaApp.copy)
    try await life.replica { ["pause", $0] }
    try await life.write("INSERT INTO notes VALUES (31)", urls)
    try await life.replicasAreBehind()
    #expect(try await life.app.start(["down"] + copies).result().status == 0)
    try await life.write("INSERT INTO notes VALUES (32)", urls)
    try await life.app.up()
    try await isPaused(life, urls)
    for row in try await life.app.ps().values where copies.contains(row.resource) {
      try await RecoveryTests.kill(row)
    }
    try await life.write("INSERT INTO notes VALUES (33)", urls)
    try await life.app.up()
    try await isPaused(life, urls)
    let table = try await life.app.drydock("ps")
    #expect(table.stdout.matches(of: /running, paused, [0-9]/).count == copies.count, "\(table)")
    #expect(!table.stdout.contains("not connected"), "\(table)")
    try await life.replica { ["resume", $0] }
    try await life.replicasHave(7, urls)
    try await life.write("DELETE FROM notes WHERE id > 30", urls)
    try await life.replicasHave(4, urls)
  }

  private func isPaused(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    #expect(try await life.counts(urls) == life.sources.map { _ in 4 })
    let rows = try await life.rows()
    for source in life.sources {
      let row = rows[ReplicaApp.copy(source)]
      #expect(row?.isPaused == true && row?.replication?.isApplying == false, "\(source)")
    }
  }

  private func survivesRestart(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    #expect(try await life.app.drydock("down").status == 0)
    try await life.app.up()
    #expect(try await life.urls() == urls)
    try await life.write("INSERT INTO notes VALUES (5)", urls)
    try await life.replicasHave(5, urls)
    try await refusesWrites(life, urls)
  }

  private func keepsSources(_ life: ReplicaApp) async throws {
    for source in life.sources {
      let refused = try await life.app.drydock("down", source, "--delete-data", "--yes")
      #expect(refused.status == 1, "\(refused)")
      let message = "resource \(source) is the source of \(ReplicaApp.copy(source))"
      #expect(refused.stderr.contains(message), "\(refused)")
    }
    let rows = try await life.rows()
    #expect(rows.count == 2 * life.sources.count && rows.values.allSatisfy { $0.status == "running" })
  }

  private func promotes(_ life: ReplicaApp, _ urls: [String: String]) async throws {
    for source in life.sources {
      #expect(try await life.traces(source, urls).count == 1, "\(source)")
    }
    // What is held back is applied before a replica becomes independent.
    try await life.replica { ["lag", $0, "3600"] }
    try await life.replica { ["pause", $0] }
    try await life.write("INSERT INTO notes VALUES (9)", urls)
    try await life.replicasAreBehind()
    let before = try await life.rows()
    try life.write(.independent)
    let steps = try await life.app.up()
    #expect(try await life.urls() == urls)
    let after = try await life.rows()
    for source in life.sources {
      let copy = ReplicaApp.copy(source)
      #expect(steps[copy]?.action == "promote")
      #expect(after[copy]?.source == nil && after[copy]?.replication == nil)
      #expect(before[source]?.process == after[source]?.process)
      #expect(try await life.traces(source, urls) == [], "\(source)")
      let (one, other) = (try #require(urls[source]), try #require(urls[copy]))
      try await life.app.query("INSERT INTO notes VALUES (6)", at: other)
      try await life.app.query("INSERT INTO notes VALUES (7), (8)", at: one)
      #expect(try await life.app.query("SELECT sum(id) FROM notes", at: other) == "30")
      #expect(try await life.app.query("SELECT sum(id) FROM notes", at: one) == "39")
    }
  }

  private func refusesToFollowAgain(_ life: ReplicaApp) async throws {
    let before = try await life.rows()
    try life.write(.replicas)
    let refused = try await life.app.drydock("up")
    #expect(refused.status == 78, "\(refused)")
    for copy in life.sources.map(ReplicaApp.copy) {
      let message = "resource \(copy): it is an independent database and cannot become a replica"
      #expect(refused.stderr.contains(message), "\(refused)")
    }
    let after = try await life.rows()
    #expect(before.mapValues(\.process) == after.mapValues(\.process))
    // What is deleted at the end is what the manifest says.
    try life.write(.independent)
  }
}
