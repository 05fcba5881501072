import DrydockTestSupport
import Foundation
import Testing

/// Imports for which the disk has no room.
@Suite struct FullDiskImportTests {
  /// Bug: the server waited for room, the import said nothing for as long as one waited, and after Ctrl-C nothing was said of
  /// what it had left.
  @Test(
    "MariaDB waits for room: said, with the disk, and after Ctrl-C what is left", .nativeEngines, .root)
  func waitingServer() async throws {
    try await withApp(Manifests.mariadb, AppOptions(runtime: "native")) { app in
      try await app.withMount(["-o", "size=400m,mode=755"]) {
        try await app.up()
        let url = try await app.url("legacy")
        try await app.query(
          "CREATE TABLE kept AS SELECT 42 AS a; CREATE TABLE small AS SELECT 0 AS a", at: url)
        // A server tells the time of a change in seconds.
        let past = "SELECT MAX(CREATE_TIME) < NOW() FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'app'"
        try await eventually("another second") { try await app.query(past, at: url) == "1" }
        let ballast = try await app.fillDisk(leaving: 8 << 20)
        // The binary log gets each statement as long as it is; the table stays small.
        let piece = String(repeating: "x", count: 200_000)
        let lines = (1...60).map { "UPDATE small SET a = \($0) + LENGTH('\(piece)');\n" }
        try app.write("CREATE TABLE early (a int);\n" + lines.joined(), to: "big.sql")
        let start = try app.start(["resources", "import", "legacy", "-f", "big.sql"])
        try await eventually("the word of the disk") { start.stderr.contains("waits for room") }
        #expect(start.stderr.contains("free some space on the disk of \(app.home.path)"))
        start.send(SIGINT)
        let result = try await start.result()
        #expect(result.status == 130, "\(result)")
        #expect(result.stderr.contains("broken off") && result.stderr.contains("small"), "\(result)")
        #expect(result.stderr.contains("early") && !result.stderr.contains("kept"), "\(result)")
        try FileManager.default.removeItem(atPath: ballast)
        // Nothing of the import goes on once there is room.
        let left = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE%'"
        try await eventually("the end of the statement") { try await app.query(left, at: url) == "0" }
        #expect(try await app.query("SELECT a FROM kept", at: url) == "42")
        try await app.query("DROP TABLE early", at: url)
        try await app.require("import", "legacy", "-f", "big.sql")
        _ = try await app.drydock("down", "--all", "--delete-data", "--yes")
      }
    }
  }

  /// Bug: the export was said to be damaged.
  @Test("A redis that has no room: said, with the disk, and nothing was changed", .nativeEngines, .root)
  func redis() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.withMount(["-o", "size=24m,mode=755"]) {
        try await app.up()
        let port = try #require(try await app.ps()["cache"]?.port)
        // What can be compressed would find room.
        let filling = """
          for i = 1, 20 do
            local t = {}
            for j = 1, 50000 do t[j] = string.char(math.random(0, 255)) end
            redis.call('SET', 'k' .. i, table.concat(t))
          end
          """
        try await app.redis("EVAL", filling, "0", port: port)
        let dump = app.folder.appending(path: "dump").path
        try await app.require("export", "cache", "-f", dump)
        try await app.redis("FLUSHALL", port: port)
        try await app.redis("SET", "kept", "42", port: port)
        let ballast = try await app.fillDisk(leaving: 64 << 10)
        for _ in 1...2 {
          let result = try await app.drydock("resources", "import", "cache", "-f", dump)
          #expect(result.status == 1 && result.stderr.contains("No space left"), "\(result)")
          #expect(result.stderr.contains("free some space on the disk of \(app.home.path)"), "\(result)")
          #expect(
            result.stderr.contains("nothing was changed") && !result.stderr.contains("damaged"), "\(result)")
        }
        #expect(try await app.redis("GET", "kept", port: port) == "42")
        try FileManager.default.removeItem(atPath: ballast)
        try await eventually("the end of the refusals") {
          try await app.redis("SET", "kept", "43", port: port) == "OK"
        }
        try await app.require("import", "cache", "-f", dump)
        #expect(try await app.redis("DBSIZE", port: port) == "21")
        _ = try await app.drydock("down", "--all", "--delete-data", "--yes")
      }
    }
  }
}

extension AppFixture {
  /// Fills the disk of the home.
  /// - Returns: The file that takes the room.
  func fillDisk(leaving bytes: UInt64) async throws -> String {
    let path = home.path(percentEncoded: false)
    var info = statvfs()
    try #require(statvfs(path, &info) == 0)
    let free = UInt64(info.f_bavail) * UInt64(info.f_frsize)
    let ballast = home.appending(path: "ballast").path(percentEncoded: false)
    let size = free > bytes ? free - bytes : 0
    try #require(try await program("fallocate", "-l", "\(size)", ballast).status == 0)
    return ballast
  }
}
