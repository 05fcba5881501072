import DrydockTestSupport
import Foundation
import Testing

/// `drydock test --shared`: databases of a run's own on servers that go on.
@Suite(.nativeEngines) struct SharedTestTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
      cache: { type: redis, options: { version: "7.0" } }
    services:
      web: { image: web, resources: [mydb, legacy, cache] }
    """
  private static let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"
  /// Fills what it is given, and says where it was.
  private static let script = """
    set -e
    "\(psql)" -XAtq "$MYDB_URL" -c 'CREATE TABLE t (x int)' -c 'SELECT current_database()'
    MYSQL_PWD=$LEGACY_PASS mariadb --no-defaults --protocol=tcp -h $LEGACY_HOST -P $LEGACY_PORT -u $LEGACY_USER \
      -D "$LEGACY_NAME" --batch --skip-column-names -e 'CREATE TABLE t (x int); SELECT database()'
    redis-cli -p "${CACHE_PORT%/*}" set answer 1 >/dev/null
    echo "$MYDB_PORT" "$LEGACY_PORT" "${CACHE_PORT%/*}"
    for name in MYDB LEGACY; do
      eval "base=\\$${name}_INTEGRESQL_URL"
      curl -sS --fail-with-body -o /dev/null -d hash=h "$base/v1/templates"
      curl -sS --fail-with-body -o /dev/null -X PUT "$base/v1/templates/h"
      curl -sS --fail-with-body -o /dev/null "$base/v1/templates/h/tests"
    done

    """

  /// All databases of both servers whose names begin as a run's do.
  private func databases(_ app: AppFixture) async throws -> Set<String> {
    let variables = try await app.variables()
    let postgres = try await app.query(
      "SELECT datname FROM pg_database WHERE datname LIKE 'drydock!_test!_%' ESCAPE '!'",
      at: try #require(variables["MYDB_URL"]))
    let mariadb = try await app.query(
      "SHOW DATABASES LIKE 'drydock_test_%'", at: try #require(variables["LEGACY_URL"]))
    return Set((postgres + "\n" + mariadb).split(separator: "\n").map(String.init))
  }

  @Test(
    "The user's data is not touched; what has no databases is thrown away; leftovers go, by name and by record"
  )
  func shared() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native")) { app in
      let before = try await app.drydock("test", "--shared", "--", "true")
      #expect(before.status == 1 && before.stderr.contains("drydock up"), "\(before)")
      try await app.up()
      let rows = try await app.ps()
      let variables = try await app.variables()
      // Whoever calls a database as drydock does has it all the same.
      let users: Set = ["drydock_test_mine", "drydock_test_abcdefghijkl"]
      for name in users {
        try await app.query("CREATE DATABASE \(name)", at: try #require(variables["MYDB_URL"]))
      }
      #expect(try await app.redis("set", "answer", "42", port: try #require(rows["cache"]?.port)) == "OK")

      let failed = try await app.drydock("test", "--shared", "--", "sh", "-c", Self.script + "exit 7")
      #expect(failed.status == 7, "\(failed)")
      let lines = failed.stdout.split(separator: "\n").map(String.init)
      try #require(lines.count == 3, "\(failed)")
      #expect(lines[0] == lines[1] && lines[0].hasPrefix("drydock_test_") && !users.contains(lines[0]))
      let ports = lines[2].split(separator: " ").compactMap { Int($0) }
      #expect(ports.first == rows["mydb"]?.port && ports[1] == rows["legacy"]?.port)
      #expect(ports.last != rows["cache"]?.port)
      #expect(failed.stderr.contains("cache"), "what is not shared is said")
      #expect(try await databases(app) == users)

      let killed = try app.start([
        "test", "--shared", "--", "sh", "-c", Self.script + "echo on; exec sleep 1000",
      ])
      try await eventually("the command") { killed.stdout.hasSuffix("on\n") }
      killed.send(SIGKILL)
      _ = try await killed.result()
      #expect(try await databases(app).count > users.count + 1)
      let list = try await app.drydock("prune")
      #expect(list.stdout.contains("drydock_test_"), "\(list)")
      let next = try await app.drydock("test", "--shared", "--only", "mydb", "--", "true")
      #expect(next.status == 0, "\(next)")
      #expect(try await databases(app) == users)
      #expect(try await app.drydock("prune").stdout.isEmpty)
      #expect(try await app.redis("get", "answer", port: try #require(rows["cache"]?.port)) == "42")
      #expect(
        try await app.query(
          "SELECT count(*) FROM pg_tables WHERE tablename = 't'",
          at: try #require(variables["MYDB_URL"])) == "0")
      #expect(try await app.ps() == rows)
    }
  }
}
