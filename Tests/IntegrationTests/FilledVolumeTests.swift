import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// Servers in Docker that stay, whose new volumes are filled with data that was made once for all.
@Suite(.dockerEngine) struct FilledVolumeTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
      orders: { type: mysql, options: { version: "9.7" } }
    """
  private static let filled = "dev.drydock.filled"
  private var soon: Deadline { .after(.seconds(60)) }

  private static func options(_ name: String, _ environment: [String: String] = [:]) -> AppOptions {
    AppOptions(runtime: "docker", name: name, environment: environment)
  }

  @Test("Two apps have data, accounts and identities of their own, and the same data after a stop")
  func apart() async throws {
    let client = try #require(await EngineAvailability.docker().client)
    try await withApp(Self.manifest, Self.options("one")) { one in
      try await withApp(Self.manifest, Self.options("two")) { two in
        try await one.up()
        try await two.up()
        let (first, second) = (try await one.variables(), try await two.variables())
        for name in ["MYDB", "LEGACY", "ORDERS"] {
          let (mine, other) = (try #require(first["\(name)_URL"]), try #require(second["\(name)_URL"]))
          try await one.query("CREATE TABLE t (x int)", at: mine)
          try await two.query("CREATE TABLE t (x int)", at: other)
          #expect(first["\(name)_PASS"] != second["\(name)_PASS"])
          let password = first["\(name)_PASS"]
          #expect(try await two.sql("SELECT 1", at: other, password: password).status != 0, "\(name)")
        }
        let durable = try #require(first["MYDB_URL"])
        #expect(try await one.query("SHOW fsync", at: durable) == "on")
        try await one.query("CREATE EXTENSION hstore", at: durable)
        for name in ["LEGACY", "ORDERS"] {
          let (mine, other) = (try #require(first["\(name)_URL"]), try #require(second["\(name)_URL"]))
          let zone = "SELECT CONVERT_TZ('2026-01-01 12:00', 'UTC', 'Europe/Paris')"
          #expect(try await one.query(zone, at: mine).hasPrefix("2026-01-01 13:00"))
          let identity = name == "ORDERS" ? "SELECT @@server_id, @@server_uuid" : "SELECT @@server_id"
          #expect(try await one.query(identity, at: mine) != two.query(identity, at: other))
        }
        let rows = try await one.ps().values.sorted { $0.resource < $1.resource }
        for row in rows {
          let container = try #require(row.container)
          let details = try #require(try await client.inspectContainer(container, until: soon))
          let volume = try #require(details.mounts.compactMap(\.name).first)
          #expect(try await client.inspectVolume(volume, until: soon)?.labels[Self.filled] != nil, "\(row)")
          // What a first start reads has the passwords, and would take back what is changed later.
          let provision = try await client.readFile("/drydock/provision.sql", in: container, until: soon)
          #expect(provision?.isEmpty != false, "\(row.resource)")
        }
        _ = try await one.drydock("down")
        try await one.up()
        let again = try await one.ps().values.compactMap(\.container).sorted()
        #expect(again == rows.compactMap(\.container).sorted())
        for name in ["MYDB", "LEGACY", "ORDERS"] {
          let url = try #require(first["\(name)_URL"])
          #expect(try await one.query("SELECT count(*) FROM t", at: url) == "0")
        }
        // The container is made anew, without what its first start had.
        let row = try #require(try await one.ps()["orders"])
        try await client.removeContainer(
          try #require(row.container), force: true, volumes: true, until: soon)
        try await one.up()
        #expect(try await one.query("SELECT count(*) FROM t", at: try #require(first["ORDERS_URL"])) == "0")
      }
    }
  }

  /// An engine, what a script of an image of it does, and a question to which that makes the answer 1.
  struct Scripted: Sendable, CustomTestStringConvertible {
    let type: String
    let version: String
    let script: String
    let question: String
    var testDescription: String { type }
  }

  private static let scripted = [
    Scripted(
      type: "postgres", version: "15", script: "CREATE DATABASE theirs;",
      question: "SELECT count(*) FROM pg_database WHERE datname = 'theirs'"),
    // Bug: "No database selected", where the official image's own script chooses that of MARIADB_DATABASE.
    Scripted(
      type: "mariadb", version: "10.11", script: "CREATE TABLE theirs AS SELECT DATABASE() = 'app' AS a;",
      question: "SELECT a FROM theirs"),
    Scripted(
      type: "mysql", version: "9", script: "CREATE TABLE theirs AS SELECT DATABASE() = 'app' AS a;",
      question: "SELECT a FROM theirs"),
  ]

  @Test(
    "An image that has scripts of its own to begin with runs them, for data that stays and for a test's",
    arguments: scripted)
  func ownScripts(_ own: Scripted) async throws {
    let client = try #require(await EngineAvailability.docker().client)
    let base = try #require(
      try await client.inspectImage("drydock/\(own.type):\(own.version)", until: soon))
    let maker = "drydock-own-scripts-\(UUID().uuidString.prefix(8).lowercased())"
    let name = "\(maker):\(own.version)"
    var config = ContainerConfig(image: base.id)
    // By these labels it would be taken for the one that it is made of.
    config.labels = base.labels.mapValues { _ in "" }
    let container = try await client.createContainer(name: maker, config, until: soon)
    // Larger than what is read of such files.
    var archive = TarArchive()
    let padding = String(repeating: "-", count: 8000)
    try archive.addFile(
      "docker-entrypoint-initdb.d/own.sql", bytes: Array("\(own.script) -- \(padding)\n".utf8))
    try await client.putArchive(archive.bytes, into: container, path: "/", until: soon)
    _ = try await client.commitContainer(container, as: name, until: soon)
    try await client.removeContainer(container, force: true, volumes: true, until: soon)
    let manifest = "resources: { mydb: { type: \(own.type), options: { version: \"\(own.version)\" } } }"
    let options = Self.options("app", ["DRYDOCK_IMAGE_\(own.type.uppercased())": name])
    try await withApp(manifest, options) { app in
      try await app.up()
      #expect(
        try await app.query(own.question, at: try #require(try await app.variables()["MYDB_URL"])) == "1")
      let row = try #require(try await app.ps()["mydb"])
      // What only its first start wants is no reason to make its container anew.
      _ = try await app.drydock("down")
      try await app.up()
      #expect(try await app.ps()["mydb"]?.container == row.container)
      guard own.type == "postgres" else { return }
      let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"
      let tested = try await app.drydock(
        "test", "--", "sh", "-c", "exec \"\(psql)\" -XAt \"$MYDB_URL\" -c \"\(own.question)\"")
      #expect(tested.status == 0 && tested.stdout.contains("1"), "\(tested)")
    }
    try await client.removeImage(name, until: soon)
  }
}
