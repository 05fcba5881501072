import DrydockTestSupport
import Foundation
import Testing

/// What a test run's databases begin with.
@Suite(.nativeEngines) struct SeedTests {
  private static let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"
  private static let count = ["sh", "-c", #""\#(psql)" -XAtq "$MYDB_URL" -c 'SELECT sum(n) FROM t'"#]

  @Test("A file of SQL is there before the command, compressed or not")
  func file() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      try app.write("CREATE TABLE t (n int);\nINSERT INTO t VALUES (40), (2);\n", to: "seed.sql")
      let plain = try await app.start(["test", "--seed", "mydb=seed.sql", "--"] + Self.count).result()
      #expect(plain.status == 0 && plain.stdout == "42\n", "\(plain)")
      _ = try await app.start(["gzip", "seed.sql"], tool: true).result()
      let packed = try await app.start(["test", "--seed", "mydb=seed.sql.gz", "--"] + Self.count).result()
      #expect(packed.status == 0 && packed.stdout == "42\n", "\(packed)")
      let missing = try await app.start(["test", "--seed", "mydb=none.sql", "--", "true"]).result()
      #expect(missing.status != 0)
      for wrong in ["mydb", "none=seed.sql"] {
        #expect(try await app.start(["test", "--seed", wrong, "--", "true"]).result().status == 64)
      }
    }
  }

  @Test("What a command makes is kept by what it reads, and made anew where that changes")
  func command() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      let migrations = app.folder.appending(path: "migrations")
      try FileManager.default.createDirectory(at: migrations, withIntermediateDirectories: false)
      try app.write("CREATE TABLE t AS SELECT 1 AS n;\n", to: "migrations/1.sql")
      let migrate = #"echo run >> runs; cat migrations/*.sql | "\#(Self.psql)" -Xq "$MYDB_URL""#
      let words =
        ["test", "--seed-command", migrate, "--seed-inputs", "migrations/*.sql", "--"] + Self.count
      for sum in ["1\n", "1\n"] {
        let result = try await app.start(words).result()
        #expect(result.status == 0 && result.stdout == sum, "\(result)")
      }
      #expect(app.read("runs") == "run\n")
      try app.write("INSERT INTO t VALUES (4);\n", to: "migrations/2.sql")
      #expect(try await app.start(words).result().stdout == "5\n")
      #expect(app.read("runs") == "run\nrun\n")
      let listed = try await app.drydock("cache")
      #expect(listed.stdout.contains("app: mydb postgres"), "\(listed)")
      let pruned = try await app.drydock("cache", "prune")
      #expect(pruned.stdout.components(separatedBy: "removed seed").count == 3, "\(pruned)")
      #expect(try await app.start(words).result().stdout == "5\n")
      #expect(app.read("runs") == "run\nrun\nrun\n")
      let unnamed = try await app.start(["test", "--seed-command", migrate, "--"] + Self.count).result()
      #expect(unnamed.stdout == "5\n" && unnamed.stderr.contains("not kept"), "\(unnamed)")
      let failed = try await app.start(["test", "--seed-command", "exit 3", "--", "true"]).result()
      #expect(failed.status == 1 && failed.stderr.contains("exit code is 3"), "\(failed)")
      #expect(app.instances.isEmpty)
    }
  }
}
