import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// What the engines are set to, and what the app may do in them, as on AWS.
@Suite struct DatabaseTests {
  @Test(
    "PostgreSQL: scram, UTF-8, and the rights of RDS's master user",
    arguments: await EngineAvailability.runtimes())
  func postgres(_ runtime: String) async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: runtime)) { app in
      try await app.up()
      // A fresh server that was proved ready stays: what answered was no temporary one.
      let url = try #require(try await app.variables()["MYDB_URL"])
      let started = try await app.query("SELECT pg_postmaster_start_time()", at: url)
      for (statement, answer) in [
        ("SHOW password_encryption", "scram-sha-256"), ("SHOW server_encoding", "UTF8"),
        ("SHOW wal_level", "replica"),
        ("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user", "f|t|t"),
        ("SELECT pg_has_role(current_user, 'rds_superuser', 'MEMBER')", "t"),
        ("SELECT current_database() || ' ' || current_user", "app app"),
        ("SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'", "app"),
      ] {
        #expect(try await app.query(statement, at: url) == answer, "\(statement)")
      }
      try await app.query("CREATE DATABASE another", at: url)
      try await app.query("CREATE ROLE somebody LOGIN PASSWORD 'x'", at: url)
      let available = try await app.query(
        "SELECT count(*) FROM pg_available_extensions WHERE name = 'pgcrypto'", at: url)
      if available == "1" {
        try await app.query("CREATE EXTENSION pgcrypto", at: url)
        try await extensions(app, url)
      } else {
        FileHandle.standardError.write(
          Data("SKIPPED: CREATE EXTENSION, no contrib package (\(runtime))\n".utf8))
      }
      let forbidden = try await app.sql("COPY (SELECT 1) TO PROGRAM 'true'", at: url)
      #expect(forbidden.status != 0, "\(forbidden)")
      let wrong = try await app.sql("SELECT 1", at: url, password: "wrong")
      #expect(wrong.status != 0, "\(wrong)")
      #expect(try await app.query("SELECT pg_postmaster_start_time()", at: url) == started)
      try await serverRoles(app, url)
    }
  }

  /// Bug: `up` retried to its time limit where a dump had set a library to be loaded that is not there.
  @Test(
    "PostgreSQL: settings that keep the app out are taken back, others stay",
    arguments: await EngineAvailability.runtimes())
  func settings(_ runtime: String) async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let url = try #require(try await app.variables()["MYDB_URL"])
      let statements = ["ROLE app", "ROLE app IN DATABASE app", "DATABASE app"].map {
        "ALTER \($0) SET local_preload_libraries = 'missing'"
      }
      try await app.query(
        (["ALTER ROLE app SET search_path = kept, public"] + statements).joined(separator: "; "), at: url)
      #expect(try await app.sql("SELECT 1", at: url).status != 0)
      let up = try await app.drydock("up")
      #expect(up.status == 0 && up.stderr.contains("settings of libraries to load are reset"), "\(up)")
      #expect(try await app.query("SHOW search_path", at: url) == "kept, public")
    }
  }

  /// Bug: what RDS's master user may create was refused, and dumps with it.
  private func extensions(_ app: AppFixture, _ url: String) async throws {
    for name in ["pg_stat_statements", "dblink", "postgres_fdw", "earthdistance CASCADE"] {
      try await app.query("CREATE EXTENSION \(name)", at: url)
    }
    #expect(try await app.query("SELECT count(*) > 0 FROM pg_stat_statements", at: url) == "t")
    try await app.query("CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw", at: url)
    let forbidden = try await app.sql("CREATE EXTENSION file_fdw", at: url)
    #expect(forbidden.status != 0 && forbidden.stderr.contains("permission denied"), "\(forbidden)")
  }

  /// Neither new data nor data of an earlier drydock lets the app run programs on the server.
  private func serverRoles(_ app: AppFixture, _ url: String) async throws {
    let names = ["execute_server_program", "read_server_files", "write_server_files"].map { "pg_\($0)" }
    func isRefused() async throws {
      for name in names {
        let grant = try await app.sql("GRANT \(name) TO somebody", at: url)
        #expect(grant.stderr.contains("must be superuser"), "\(grant)")
      }
      #expect(try await app.sql("COPY (SELECT 1) TO PROGRAM 'true'", at: url).status != 0)
    }
    try await isRefused()
    let file = app.home.appending(path: "instances/\(try app.onlyInstance())/state.json")
    let state = try String(contentsOf: file, encoding: .utf8)
    let password = try #require(state.firstMatch(of: /"administratorPassword" : "([^"]+)"/)?.1)
    let asBefore = "UPDATE pg_authid SET rolsuper = false WHERE rolname LIKE 'pg_%'"
    let undone = try await app.sql(
      asBefore, at: url, user: "drydock", password: String(password), database: "postgres")
    try #require(undone.status == 0, "\(undone)")
    try Data(state.replacing(/"confinement" : 1,/, with: "").utf8).write(to: file)
    try await app.query(
      "GRANT \(names[0]) TO app; GRANT \(names[1]) TO somebody; GRANT somebody TO app", at: url)
    try await app.query("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'", at: url)
    let notice = try #require(try await app.up()["mydb"]?.notice)
    #expect(notice.contains("\(names[0]) of app, \(names[1]) of somebody"), "\(notice)")
    try await isRefused()
    #expect(try await app.up()["mydb"]?.notice == nil)
    #expect(
      try await app.query("SELECT pg_has_role(current_user, 'rds_superuser', 'MEMBER')", at: url) == "t")
  }

  @Test("MySQL and MariaDB: utf8mb4, a binary log, no SUPER", arguments: await EngineAvailability.runtimes())
  func mysqlFamily(_ runtime: String) async throws {
    let manifest = """
      resources:
        orders: { type: mysql, options: { version: "9.7" } }
        legacy: { type: mariadb, options: { version: "10.11" } }
      """
    try await withApp(manifest, AppOptions(runtime: runtime)) { app in
      let steps = try await app.up()
      #expect((steps["orders"]?.drift?.contains("mariadb") == true) == (runtime == "native"), "\(steps)")
      let variables = try await app.variables()
      for name in ["ORDERS_URL", "LEGACY_URL"] {
        let url = try #require(variables[name])
        for (statement, answer) in [
          ("SELECT @@character_set_server", "utf8mb4"), ("SELECT @@log_bin", "1"),
          ("SELECT @@skip_networking", "0"), ("SELECT DATABASE()", "app"),
          ("SELECT CONVERT_TZ('2024-07-01 12:00', 'UTC', 'Europe/Berlin')", "2024-07-01 14:00:00"),
          (
            "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = 'app'",
            "utf8mb4"
          ),
        ] {
          #expect(try await app.query(statement, at: url) == answer, "\(name): \(statement)")
        }
        try await app.query("CREATE TABLE t (c text); INSERT INTO t VALUES ('🚢')", at: url)
        #expect(try await app.query("SELECT char_length(c) FROM t", at: url) == "1")
        try await app.query("CREATE DATABASE another; DROP DATABASE another", at: url)
        let grants = try await app.query("SHOW GRANTS", at: url)
        #expect(!grants.contains("SUPER") && !grants.contains("ALL PRIVILEGES ON *.*"), "\(grants)")
        let forbidden = try await app.sql("SET GLOBAL general_log_file = '/tmp/x'", at: url)
        #expect(forbidden.status != 0, "\(name): \(forbidden)")
        let nobody = try await app.sql("SELECT 1", at: url, user: "nobody", password: "")
        #expect(nobody.status != 0, "no anonymous accounts: \(nobody)")
      }
      if runtime == "docker" { try await keepsZones(app, try #require(variables["LEGACY_URL"])) }
    }
  }

  /// Bug: a MariaDB that was killed soon after its first start had lost most of its zones, and could be copied no more.
  private func keepsZones(_ app: AppFixture, _ url: String) async throws {
    try await RecoveryTests.kill(try #require(try await app.ps()["legacy"]))
    try await app.up()
    for zone in ["Europe/Berlin", "UTC"] {
      let look = "SELECT CONVERT_TZ('2024-07-01 12:00', 'UTC', '\(zone)') IS NOT NULL"
      #expect(try await app.query(look, at: url) == "1", "\(zone)")
    }
  }

  @Test(
    "No password shows in a process list or in a container's settings",
    arguments: await EngineAvailability.runtimes())
  func secrets(_ runtime: String) async throws {
    try await withApp(Manifests.small, AppOptions(runtime: runtime)) { app in
      let run = try app.start(["up"])
      let result = try await run.result()
      try #require(result.status == 0, "\(result)")
      let password = try #require(try await app.variables()["MYDB_PASS"])
      #expect(!result.stdout.contains(password) && !result.stderr.contains(password))
      let logs = try await app.drydock("logs", "--tail", "10000")
      #expect(!logs.stdout.contains(password))
      #expect(app.processes(naming: password).isEmpty)
      guard runtime == "docker", let client = await EngineAvailability.docker().client else { return }
      for row in try await app.ps().values {
        let name = try #require(row.container)
        let details = try #require(try await client.inspectContainer(name, until: .after(.seconds(30))))
        #expect(!"\(details)".contains(password), "\(name)")
      }
    }
  }

  @Test("Variables for containers reach the resources from a container of the same network", .dockerEngine)
  func reachableFromContainers() async throws {
    try await withApp(Manifests.small, AppOptions(runtime: "docker")) { app in
      try await app.up()
      let result = try await app.drydock("env", "web", "--for", "container", "--format", "json")
      let variables: [String: String] = try result.decode()
      #expect(variables["MYDB_HOST"] == "mydb" && variables["MYDB_PORT"] == "5432", "\(variables)")
      #expect(variables["CACHE_URL"] == "redis://cache:6379/0")
      #expect(variables["MEM_URL"] == "mem:11211")
      let client = try #require(await EngineAvailability.docker().client)
      let id = try app.onlyInstance()
      // A container beside the instance's, of the same image as its database, whose clients it has.
      let database = try #require(try await app.ps()["mydb"]?.container)
      let details = try #require(try await client.inspectContainer(database, until: .after(.seconds(30))))
      var config = ContainerConfig(image: details.image, command: ["sleep", "600"])
      config.entrypoint = []
      config.labels = ["dev.drydock.test": id]
      config.network = NetworkAttachment("drydock-\(id)")
      let name = "drydock-test-\(id)"
      let container = try await client.createContainer(name: name, config, until: .after(.seconds(30)))
      let outcome: Result<Void, any Error>
      do {
        try await client.startContainer(container, until: .after(.seconds(30)))
        try await use(variables, from: container, client)
        outcome = .success(())
      } catch {
        outcome = .failure(error)
      }
      try await client.removeContainer(container, force: true, volumes: true, until: .after(.seconds(30)))
      try outcome.get()
    }
  }

  private func use(_ variables: [String: String], from container: String, _ client: DockerClient) async throws
  {
    let url = variables["MYDB_URL"] ?? ""
    let tcp = "exec 3<>/dev/tcp/%s && printf '%s' >&3 && head -n 1 <&3"
    let checks = [
      ["psql", url, "-Atc", "SELECT 40 + 2"],
      [
        "bash", "-c",
        tcp.replacing("%s", with: "cache/6379", maxReplacements: 1).replacing("%s", with: "PING\\r\\n"),
      ],
      [
        "bash", "-c",
        tcp.replacing("%s", with: "mem/11211", maxReplacements: 1).replacing("%s", with: "version\\r\\n"),
      ],
    ]
    for (words, answer) in zip(checks, ["42", "+PONG", "VERSION"]) {
      let result = try await client.exec(.init(words), in: container, until: .after(.seconds(30)))
      let text = String(decoding: result.stdout, as: UTF8.self)
      #expect(text.hasPrefix(answer), "\(words): \(text) \(String(decoding: result.stderr, as: UTF8.self))")
    }
  }
}
