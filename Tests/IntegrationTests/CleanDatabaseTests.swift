import DrydockTestSupport
import Foundation
import Testing

/// A clean database for each test, on real engines.
@Suite(.nativeEngines) struct CleanDatabaseTests {
  /// What a command's script starts with: requests to IntegreSQL's interface, as clients make them.
  private static let requests = """
    set -e
    ask() { curl -sS --fail-with-body -X "$1" "$URL/v1$2" ${3:+-d "$3"}; }
    name() { sed 's/.*"database":"\\([^"]*\\)".*/\\1/'; }

    """

  /// An engine, and SQL of its own kind.
  struct Engine: Sendable, CustomTestStringConvertible {
    var manifest: String
    var prefix: String
    /// A shell function `sql DATABASE STATEMENT`.
    var client: String
    /// What fills the template.
    var schema: String
    /// What a copy has to answer, and the answer.
    var query: String
    var answer: String
    var testDescription: String { prefix }
  }

  private static let engines = [
    Engine(
      manifest: Manifests.postgres, prefix: "MYDB",
      client: """
        sql() { "\(InstalledEngines.postgres?.appending(path: "psql").path ?? "psql")" -XAtq -v ON_ERROR_STOP=1 \
        "${MYDB_URL%/*}/$1" -c "$2"; }
        """,
      schema: "CREATE TABLE t (id serial PRIMARY KEY, n int); INSERT INTO t (n) VALUES (41)",
      query: "INSERT INTO t (n) VALUES (1); SELECT sum(n), max(id) FROM t", answer: "42|2"),
    Engine(
      manifest: Manifests.mariadb, prefix: "LEGACY",
      client: """
        sql() { MYSQL_PWD=$LEGACY_PASS mariadb --no-defaults --protocol=tcp -h $LEGACY_HOST -P $LEGACY_PORT \
        -u $LEGACY_USER --batch --skip-column-names -D "$1" -e "$2"; }
        """,
      schema: """
        CREATE TABLE z_parent (id int PRIMARY KEY AUTO_INCREMENT, n int, twice int AS (2 * n) STORED); \
        CREATE TABLE a_child (parent int, n int, FOREIGN KEY (parent) REFERENCES z_parent (id)); \
        CREATE SEQUENCE s START WITH 7; \
        CREATE VIEW b_sums AS SELECT sum(twice) AS total FROM z_parent; \
        CREATE VIEW a_sums AS SELECT total FROM b_sums; \
        CREATE PROCEDURE more(IN by_n int) UPDATE z_parent SET n = n + by_n WHERE id = 1; \
        INSERT INTO z_parent (n) VALUES (20)
        """,
      query: """
        INSERT INTO a_child VALUES (1, 1); CALL more(1); INSERT INTO z_parent (n) VALUES (nextval(s)); \
        SELECT concat(total, ' ', (SELECT max(id) FROM z_parent)) FROM a_sums
        """, answer: "56 2"),
  ]

  @Test("Copies are whole and independent, and nobody gets another's", arguments: engines)
  func copies(_ engine: Engine) async throws {
    try await withApp(engine.manifest, AppOptions(runtime: "native")) { app in
      let script =
        Self.requests + engine.client + """

          URL=$\(engine.prefix)_INTEGRESQL_URL
          template=$(ask POST /templates hash=h | name)
          sql "$template" "$SCHEMA"
          ask PUT /templates/h
          for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
            copy=$(ask GET /templates/h/tests | name)
            echo "$copy $(sql "$copy" "$QUERY")"
          done
          ask DELETE /templates/h
          """
      let run = try app.start(
        ["test", "--", "sh", "-c", script], environment: ["SCHEMA": engine.schema, "QUERY": engine.query])
      let result = try await run.result()
      #expect(result.status == 0, "\(result)")
      let lines = result.stdout.split(separator: "\n")
      #expect(Set(lines).count == 12)
      #expect(lines.allSatisfy { $0.hasSuffix(" " + engine.answer) }, "\(result)")
    }
  }

  @Test("IntegreSQL's clients find the first PostgreSQL, and a shell gets copies of what it has migrated")
  func shell() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      let script = """
        set -e
        q() { "\(InstalledEngines.postgres?.appending(path: "psql").path ?? "psql")" -XAtq "$1" -c "$2"; }
        test "$INTEGRESQL_CLIENT_BASE_URL" = "$MYDB_INTEGRESQL_URL"
        test "$INTEGRESQL_CLIENT_API_VERSION" = v1
        q "$MYDB_URL" 'CREATE TABLE t AS SELECT 1 AS n'
        one=$("$DRYDOCK" test clone mydb)
        two=$("$DRYDOCK" test clone mydb)
        q "$one" 'INSERT INTO t VALUES (2)'
        q "$two" 'SELECT count(*) FROM t'
        q "$MYDB_URL" 'SELECT count(*) FROM t'
        "$DRYDOCK" test clone other || echo $?
        """
      let drydock = try BuiltProducts.executable("drydock")
      let result = try await app.start(
        ["test", "--", "sh", "-c", script], environment: ["DRYDOCK": drydock]
      ).result()
      #expect(result.status == 0, "\(result)")
      #expect(result.stdout == "1\n1\n64\n", "\(result)")
      #expect(try await app.start(["test", "clone", "mydb"]).result().status == 64)
    }
  }

  @Test("kill -9 while copies are made: nothing is left")
  func killed() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      let script =
        Self.requests + """
          URL=$MYDB_INTEGRESQL_URL
          ask POST /templates hash=h >/dev/null
          ask PUT /templates/h
          echo "$DRYDOCK_TEST_INSTANCE"
          while ask GET /templates/h/tests >/dev/null; do :; done
          """
      let run = try app.start(["test", "--", "sh", "-c", script])
      try await eventually("the pool at work", pause: .milliseconds(10)) { run.stdout.hasSuffix("\n") }
      let folder = run.stdout.trimmingCharacters(in: .newlines)
      run.send(SIGKILL)
      _ = try await run.result()
      // The guard is the last to go: it ends once it has removed the folder.
      try await eventually("the end of everything") {
        !FileManager.default.fileExists(atPath: folder) && app.processes(naming: folder).isEmpty
      }
      // The next run forgets whose the ports were.
      #expect(try await app.drydock("test", "--", "true").status == 0)
    }
  }
}
