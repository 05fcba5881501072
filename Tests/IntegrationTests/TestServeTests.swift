import DrydockTestSupport
import Foundation
import Testing

/// `drydock test serve`: throw-away resources for the commands of other shells.
@Suite(.nativeEngines) struct TestServeTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      cache: { type: redis, options: { version: "7.0" } }
    services:
      web: { image: web, resources: [mydb, cache] }
      worker: { image: web, resources: [cache] }
    """
  private static let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"

  @Test("Another shell has the variables by a file, and clean databases by these or in the app's folder")
  func served() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native")) { app in
      let serve = try app.start(["test", "serve", "--format", "json"])
      try await eventually("the variables") { serve.stdout.hasSuffix("}\n") }
      let variables = try JSONDecoder().decode([String: String].self, from: Data(serve.stdout.utf8))
      let folder = try #require(variables["DRYDOCK_TEST_INSTANCE"])
      let file = "\(folder)/variables.sh"
      try await eventually("the hint") { serve.stderr.contains(". '\(file)'") }
      #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
      let script = """
        set -e
        . "$1"
        "$2" -XAtq "$MYDB_URL" -c 'CREATE TABLE t AS SELECT 1 AS n'
        curl -sS --fail-with-body -o /dev/null -d hash=h "$INTEGRESQL_CLIENT_BASE_URL/v1/templates"
        url=$("$3" test clone mydb)
        "$2" -XAtq "$url" -c 'INSERT INTO t VALUES (2)' -c 'SELECT count(*) FROM t'
        """
      let drydock = try BuiltProducts.executable("drydock")
      let shell = try await app.program("sh", "-c", script, "sh", file, Self.psql, drydock)
      #expect(shell.status == 0 && shell.stdout == "2\n", "\(shell)")
      let clone = try await app.drydock("test", "clone", "mydb")
      #expect(clone.status == 0, "\(clone)")
      let url = clone.stdout.trimmingCharacters(in: .newlines)
      #expect(try await app.query("SELECT count(*) FROM t", at: url) == "1")
      #expect(app.instances.isEmpty)
      let second = try app.start(["test", "serve", "--only", "cache", "--service", "worker"])
      try await eventually("the second") { second.stderr.contains("variables.sh") }
      #expect(!second.stdout.contains("MYDB_URL") && second.stdout.contains("CACHE_URL="))
      #expect(try await app.drydock("test", "clone", "mydb").status == 64, "which of them is not said")
      for (run, signal, status) in [(serve, SIGINT, 130), (second, SIGTERM, 143)] {
        run.send(signal)
        #expect(try await run.result().status == status)
      }
      try await TestCommandTests().expectNothing(of: folder)
      #expect(try app.reservedPorts().isEmpty)
      #expect(try await app.drydock("test", "clone", "mydb").status == 64)
    }
  }

  @Test(
    "After kill -9 nothing is left: no engine, no interface, no folder, and the next one is not in the way")
  func killed() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native")) { app in
      let serve = try app.start(["test", "serve", "--format", "json"])
      try await eventually("the variables") { serve.stdout.hasSuffix("}\n") }
      let variables = try JSONDecoder().decode([String: String].self, from: Data(serve.stdout.utf8))
      let folder = try #require(variables["DRYDOCK_TEST_INSTANCE"])
      try await eventually("the hint") { serve.stderr.contains("variables.sh") }
      // Databases are being made for a client when it happens.
      #expect(try await app.drydock("test", "clone", "mydb").status == 0)
      #expect(!TestCommandTests.workers(in: folder).isEmpty)
      serve.send(SIGKILL)
      _ = try await serve.result()
      try await eventually("the end of everything") {
        !FileManager.default.fileExists(atPath: folder) && TestCommandTests.workers(in: folder).isEmpty
      }
      try await TestCommandTests().expectNothing(of: folder)
      let interface = try #require(variables["INTEGRESQL_CLIENT_BASE_URL"])
      let answer = try await app.program("curl", "-sS", "-o", "/dev/null", interface)
      #expect(answer.status == 7, "somebody answers: \(answer)")
      #expect(try await app.drydock("test", "clone", "mydb").status == 64)
      #expect(try await app.drydock("test", "--only", "cache", "--", "true").status == 0)
      #expect(try app.reservedPorts().isEmpty)
    }
  }
}
