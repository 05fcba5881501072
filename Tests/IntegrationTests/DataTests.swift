import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// Data that exists and what the manifest asks for.
@Suite struct DataTests {
  private static func postgres(_ version: String) -> String {
    """
    resources:
      mydb: { type: postgres, options: { version: "\(version)" } }
    """
  }

  @Test(
    "Data of another major version is refused with the choices, and not touched",
    .images("postgres:13", "postgres:15"))
  func anotherMajor() async throws {
    try await withApp(Self.postgres("13"), AppOptions(runtime: "docker")) { app in
      try await app.up("--strict-version")
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      try app.write(manifest: Self.postgres("15"))
      for _ in 0..<2 {
        let result = try await app.drydock("up")
        #expect(result.status == 78, "\(result)")
        for word in ["13", "15", "version: \"13\"", "migrate", "--delete-data"] {
          #expect(result.stderr.contains(word), "\(word): \(result)")
        }
        _ = try await app.drydock("down")
      }
      try app.write(manifest: Self.postgres("13"))
      try await app.up()
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
    }
  }

  @Test("So is data of a major version that is not installed", .nativeEngines)
  func anotherMajorNatively() async throws {
    try await withApp(Self.postgres("15"), AppOptions(runtime: "native")) { app in
      try await app.up()
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      _ = try await app.drydock("down")
      let note = try app.engineFolder("mydb").appending(path: "data-version")
      let before = try Data(contentsOf: note)
      try Data("13.4\n".utf8).write(to: note)
      let result = try await app.drydock("up")
      #expect(result.status == 78 && result.stderr.contains("13"), "\(result)")
      #expect(result.stderr.contains("--delete-data"), "\(result)")
      try before.write(to: note)
      try await app.up()
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
    }
  }

  @Test(
    "MySQL's data is not given to MariaDB, nor the other way round",
    arguments: await EngineAvailability.runtimes())
  func family(_ runtime: String) async throws {
    let manifest = """
      resources:
        my: { type: mysql, options: { version: "9.7" } }
        maria: { type: mariadb, options: { version: "10.11" } }
      """
    try await withApp(manifest, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let url = try #require(try await app.variables()["MY_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      #expect(try await app.drydock("down").status == 0)
      let swapped = manifest.replacing("type: mysql", with: "type: other").replacing("mariadb", with: "mysql")
        .replacing("type: other", with: "type: mariadb")
      try app.write(manifest: swapped)
      let refused = try await app.drydock("up")
      #expect(refused.status == 78 && refused.stderr.contains("holds data of type mysql"), "\(refused)")
      try app.write(manifest: manifest)
      if runtime == "docker" {
        let image = ["DRYDOCK_IMAGE_MYSQL": "drydock/mariadb:10.11"]
        let other = try await app.drydock("up", "my", environment: image)
        #expect(other.status == 78 && other.stderr.contains("the image drydock/mariadb:10.11"), "\(other)")
      }
      try await app.up()
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")
    }
  }

  @Test(
    "An image whose own settings keep the data outside of its volume is refused before anything counts",
    .images("postgres:15"))
  func dataElsewhere() async throws {
    try await withApp(Self.postgres("15"), AppOptions(runtime: "docker")) { app in
      try FileManager.default.createDirectory(
        at: app.folder.appending(path: "image"), withIntermediateDirectories: true)
      try app.write(
        """
        FROM drydock/postgres:15
        RUN printf '#!/bin/sh\\nexport PGDATA=/srv/data\\nexec docker-entrypoint.sh "$@"\\n' >/elsewhere.sh \\
          && chmod 755 /elsewhere.sh
        ENTRYPOINT ["/elsewhere.sh"]
        """, to: "image/Dockerfile")
      let image = "drydock-test-\(UUID().uuidString.prefix(8).lowercased())/elsewhere:1"
      let built = try await app.program("docker", "build", "-q", "-t", image, "image")
      try #require(built.status == 0, "\(built)")
      let environment = ["DRYDOCK_IMAGE_POSTGRES": image]
      for _ in 1...2 {
        let result = try await app.drydock("up", environment: environment)
        #expect(result.status == 78, "\(result)")
        #expect(result.stderr.contains("elsewhere than in /var/lib/postgresql/data"), "\(result)")
      }
      // Nothing of it is in the way of an image that keeps the data where it lasts.
      try await app.up()
      #expect(try await app.program("docker", "rmi", image).status == 0)
    }
  }

  @Test("Data of another type or runtime is refused", .nativeEngines, .dockerEngine)
  func anotherTypeOrRuntime() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      let moved = try await app.drydock("up", environment: ["DRYDOCK_RUNTIME": "docker"])
      #expect(moved.status == 78 && moved.stderr.contains("--runtime native"), "\(moved)")
      let changed = """
        resources:
          cache: { type: memcached, options: { version: "1.6" } }
        """
      try app.write(manifest: changed)
      let result = try await app.drydock("up")
      #expect(result.status == 78, "\(result)")
      #expect(result.stderr.contains("redis") && result.stderr.contains("memcached"), "\(result)")
    }
  }

  @Test(
    "PostgreSQL 18 keeps its data although its image moved the directory",
    .images("postgres:18"))
  func postgres18() async throws {
    try await withApp(Self.postgres("18"), AppOptions(runtime: "docker")) { app in
      try await app.up("--strict-version")
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)
      // Another port means another container, so that only what is in the volume stays.
      let before = try #require(try await app.ps()["mydb"]?.container)
      let client = try #require(await EngineAvailability.docker().client)
      let first = try await client.inspectContainer(before, until: .after(.seconds(30)))?.id
      try await app.up("--port", "mydb=\(try freePort())")
      let second = try await client.inspectContainer(before, until: .after(.seconds(30)))?.id
      #expect(first != nil && first != second)
      let moved = try #require(try await app.variables()["MYDB_URL"])
      #expect(try await app.query("SELECT answer FROM kept", at: moved) == "42")
    }
  }

  @Test(
    "A password that was changed in the database is put right",
    arguments: await EngineAvailability.runtimes())
  func changedPassword(_ runtime: String) async throws {
    let manifest = """
      resources:
        mydb: { type: postgres, options: { version: "15" } }
        legacy: { type: mariadb, options: { version: "10.11" } }
      """
    try await withApp(manifest, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let variables = try await app.variables()
      let postgres = try #require(variables["MYDB_URL"])
      let mariadb = try #require(variables["LEGACY_URL"])
      try await app.query("ALTER ROLE app PASSWORD 'another'", at: postgres)
      try await app.query("SET PASSWORD = PASSWORD('another')", at: mariadb)
      #expect(try await app.sql("SELECT 1", at: postgres).status != 0)
      #expect(try await app.sql("SELECT 1", at: mariadb).status != 0)
      try await app.up()
      #expect(try await app.variables() == variables)
      #expect(try await app.query("SELECT 1", at: postgres) == "1")
      #expect(try await app.query("SELECT 1", at: mariadb) == "1")
      if runtime == "docker" { try await losingPasswords(app) }
    }
  }

  /// Where the administrator's password is lost too, that is said and nothing is wiped.
  private func losingPasswords(_ app: AppFixture) async throws {
    let file = app.home.appending(path: "instances/\(try app.onlyInstance())/state.json")
    let good = try String(contentsOf: file, encoding: .utf8)
    let bad = good.replacing(/("(?:administrator|resource)Password" : ")[0-9a-f-]+/) {
      "\($0.output.1)wrong-one"
    }
    #expect(bad != good)
    try bad.write(to: file, atomically: true, encoding: .utf8)
    let result = try await app.drydock("up", "mydb")
    #expect(result.status == 78, "\(result)")
    #expect(result.stderr.contains("password") && result.stderr.contains("--delete-data"), "\(result)")
    try good.write(to: file, atomically: true, encoding: .utf8)
    let steps = try await app.up()
    #expect(steps["mydb"]?.status == "running" && steps["legacy"]?.status == "running")
  }

  @Test(
    "A resource that left the manifest is stopped, and its data kept until it is deleted by name",
    arguments: await EngineAvailability.runtimes())
  func removedResource(_ runtime: String) async throws {
    let both = """
      resources:
        cache: { type: redis, options: { version: "7.0" } }
        other: { type: redis, options: { version: "7.0" } }
      """
    try await withApp(both, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let port = try #require(try await app.ps()["other"]?.port)
      try await app.redis("SET", "key", "kept", port: port)
      try app.write(manifest: Manifests.redis)
      let steps = try await app.up()
      #expect(steps["other"]?.status == "removed")
      #expect(try await app.ps()["other"]?.status == "removed")
      try app.write(manifest: both)
      try await app.up()
      #expect(try await app.ps()["other"]?.port == port)
      #expect(try await app.redis("GET", "key", port: port) == "kept")
      try app.write(manifest: Manifests.redis)
      try await app.up()
      let refused = try await app.drydock("down", "other", "--delete-data")
      #expect(refused.status == 64 && refused.stderr.contains("--yes"), "\(refused)")
      let deleted = try await app.drydock("down", "other", "--delete-data", "--yes")
      #expect(deleted.status == 0, "\(deleted)")
      #expect(try await app.ps().keys.sorted() == ["cache"])
      #expect(try await app.ps()["cache"]?.status == "running")
    }
  }
}
