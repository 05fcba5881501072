import DrydockTestSupport
import Foundation
import Testing

/// Dumps from a stranger: an import runs no program, reads and writes no file. What a container's clients refuse is in
/// `DatabaseTransferTests`.
@Suite struct HostileDumpTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      other: { type: mariadb, options: { version: "10.11" } }
    """

  /// Scripts for psql, where PWN is the path of a file that must not come to be.
  private static let postgres = [
    "SELECT 1; \\! touch PWN\n", "\\set x `touch PWN`\n", "\\o |touch PWN\n", "SELECT 1 \\g PWN\n",
    "\\copy (SELECT 1) TO 'PWN'\n", "\\i /etc/passwd\n", "\\lo_import /etc/passwd\n",
    "\\connect postgres\n\\! touch PWN\n", "\\restrict mine\n\\unrestrict mine\n\\! touch PWN\n",
    "\\unrestrict `touch PWN`\n", "\\unre\u{0}\nstrict `touch PWN`\n", "/* */ \\! touch PWN\n",
    "SELECT E'\\'';\\! touch PWN\n", "COPY (SELECT 1) TO PROGRAM 'touch PWN';\n",
    "SELECT lo_import('/etc/passwd');\n", "SELECT pg_read_file('/etc/passwd');\n",
    "CREATE TABLE x (a text);\nCOPY x FROM stdin;\na\n\\.\n\\! touch PWN\n", "\u{FEFF}\\! touch PWN\n",
  ]

  /// Scripts for the clients of the MySQL family.
  private static let mysql = [
    "SELECT 1 \\! touch PWN\n", "system touch PWN\n", "/*! \\! touch PWN */;\n",
    "/*!999999\\- enable the sandbox mode */\n\\! touch PWN\n", "delimiter //\n\\! touch PWN\n//\n",
    "source /etc/passwd\n", "tee PWN\nSELECT 1;\n", "pager touch PWN\nSELECT 1;\n",
    "CREATE TABLE IF NOT EXISTS l (a text); LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE l;\n",
    "CREATE TABLE IF NOT EXISTS l (a text); LOAD DATA INFILE '/etc/passwd' INTO TABLE l;\n",
    "SELECT 1 INTO OUTFILE 'PWN';\n", "CREATE TABLE m (a text) DATA DIRECTORY = 'PWN';\n",
  ]

  @Test("No dump runs a program or opens a file", .nativeEngines)
  func imports() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native")) { app in
      try await app.up()
      let target = app.root.appending(path: "pwned").path(percentEncoded: false)
      for (name, script) in Self.postgres.map({ ("mydb", $0) }) + Self.mysql.map({ ("other", $0) }) {
        let needsLandlock = script.contains("DATA DIRECTORY")
        guard Landlock.isAvailable || !needsLandlock else { continue }
        let result = try await app.resources("import", name, input: script.replacing("PWN", with: target))
        #expect(result.status == 1, "\(name): \(script): \(result)")
        try #require(!exists(target), "\(name): \(script)")
      }
      try await administrator(app, target)
      try await trusted(app)
      try await oldClient(app)
    }
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// RDS's own engine keeps the master user from the tables of accounts; here who makes himself the administrator has
  /// nothing but the engine's folder.
  private func administrator(_ app: AppFixture, _ target: String) async throws {
    let rights = "UPDATE mysql.global_priv SET priv = json_set(priv, '$.access', 18446744073709551615)"
    try await app.require("import", "other", input: "\(rights) WHERE user = 'app'; FLUSH PRIVILEGES;\n")
    let url = try await app.url("other")
    #expect(try await app.query("SELECT LOAD_FILE('/etc/passwd') IS NULL", at: url) == "1")
    #expect(try await app.sql("SELECT 1 INTO OUTFILE '\(target)'", at: url).status != 0)
    guard Landlock.isAvailable else {
      return FileHandle.standardError.write(Data("SKIPPED: an engine's writes, no Landlock here\n".utf8))
    }
    let log = try await app.sql(
      "SET GLOBAL general_log_file = '\(target)'; SET GLOBAL general_log = 1", at: url)
    #expect(log.status != 0 && !exists(target), "\(log)")
  }

  /// What is trusted can do what it could in a terminal; so can whoever has a console.
  private func trusted(_ app: AppFixture) async throws {
    let path = app.root.appending(path: "wanted").path(percentEncoded: false)
    try await app.refuses("import", "mydb", input: "\\! touch '\(path)'\n", saying: "line 1", "--trust-dump")
    try await app.require("import", "mydb", "--trust-dump", input: "\\! touch '\(path)'\n")
    #expect(exists(path))
    let load = "CREATE TABLE g (a text); LOAD DATA LOCAL INFILE '\(path)' INTO TABLE g;\n"
    try await app.refuses("import", "other", input: load, saying: "line 1", "--trust-dump")
    try await app.require("import", "other", "--trust-dump", input: "DROP TABLE g; " + load)
    #expect(try await app.require("console", "mydb", input: "\\! echo hello\n").stdout == "hello\n")
  }

  /// A psql that cannot be restricted imports nothing but what is trusted.
  private func oldClient(_ app: AppFixture) async throws {
    let folder = app.root.appending(path: "old")
    let engine = try #require(InstalledEngines.postgres)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    for name in try FileManager.default.contentsOfDirectory(atPath: engine.path) where name != "psql" {
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: name), withDestinationURL: engine.appending(path: name))
    }
    try Data(
      """
      #!/bin/sh
      IFS= read -r line
      case $line in
        '\\restrict'*) printf '%s\\n' 'psql:<stdin>:1: error: invalid command \\restrict' >&2; exit 3;;
      esac
      { printf '%s\\n' "$line"; cat; } | '\(engine.appending(path: "psql").path)' "$@"

      """.utf8
    ).write(to: folder.appending(path: "psql"))
    #expect(chmod(folder.appending(path: "psql").path, 0o755) == 0)
    let path = "\(folder.path(percentEncoded: false)):\(app.environment["PATH"] ?? "/usr/bin:/bin")"
    let script = "CREATE TABLE x (a int);\n"
    let old = try await app.start(
      ["resources", "import", "mydb"], environment: ["PATH": path], input: script
    ).result()
    #expect(old.status == 69, "\(old)")
    for word in ["too old", "postgresql-client", "--trust-dump"] {
      #expect(old.stderr.contains(word), "\(old)")
    }
    let trusting = try await app.start(
      ["resources", "import", "mydb", "--trust-dump"], environment: ["PATH": path], input: script
    ).result()
    #expect(trusting.status == 0, "\(trusting)")
  }
}
