import DrydockTestSupport
import Foundation
import Testing

/// Dumps from a stranger: an import runs no program, reads and writes no file.
@Suite struct HostileDumpTests {
  /// MySQL's own client is in its image.
  private static func manifest(_ runtime: String) -> String {
    """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      other: { type: \(runtime == "docker" ? "mysql, options: { version: \"9.7\"" : "mariadb, options: { version: \"10.11\"") } }
    """
  }

  /// Scripts for psql, where PWN is the path of a file that must not come to be.
  private static let postgres = [
    "\\! touch PWN\n", "SELECT 1; \\! touch PWN\n", "SELECT `touch PWN`;\n", "\\set x `touch PWN`\n",
    "\\o PWN\nSELECT 1;\n", "\\o |touch PWN\n", "SELECT 1 \\g PWN\n", "SELECT 1\n\\g |touch PWN\n",
    "\\copy (SELECT 1) TO PROGRAM 'touch PWN'\n", "\\copy (SELECT 1) TO 'PWN'\n", "\\w PWN\n", "\\s PWN\n",
    "SELECT 'touch PWN' \\gexec\n", "\\i /etc/passwd\n", "\\ir /etc/passwd\n", "\\lo_import /etc/passwd\n",
    "\\setenv PAGER 'touch PWN'\n", "\\connect postgres\n\\! touch PWN\n", "\\e\n", "\\cd /\n",
    "\\restrict mine\n\\unrestrict mine\n\\! touch PWN\n", "\\unrestrict\n\\! touch PWN\n",
    "\\unrestrict `touch PWN`\n", "\\unre\u{0}\nstrict `touch PWN`\n", "\\if true\n\\! touch PWN\n\\endif\n",
    "/* */ \\! touch PWN\n", "SELECT E'\\'';\\! touch PWN\n",
    "COPY (SELECT 1) TO PROGRAM 'touch PWN';\n", "COPY (SELECT 1) TO 'PWN';\n",
    "CREATE TABLE x (a text); COPY x FROM '/etc/passwd';\n", "SELECT lo_import('/etc/passwd');\n",
    "SELECT pg_read_file('/etc/passwd');\n", "CREATE EXTENSION file_fdw;\n",
    "CREATE TABLE x (a text);\nCOPY x FROM stdin;\na\n\\.\n\\! touch PWN\n", "\u{FEFF}\\! touch PWN\n",
    "\r\n\\! touch PWN\r\n", "SELECT 1;\u{C}\\!touch PWN\n",
  ]

  /// Scripts for the clients of the MySQL family.
  private static let mysql = [
    "\\! touch PWN\n", "system touch PWN\n", "SELECT 1 \\! touch PWN\n", "/*! \\! touch PWN */;\n",
    "/*!999999\\- enable the sandbox mode */\n\\! touch PWN\n", "delimiter //\n\\! touch PWN\n//\n",
    "source /etc/passwd\n", "\\. /etc/passwd\n", "tee PWN\nSELECT 1;\n", "\\T PWN\nSELECT 1;\n",
    "pager touch PWN\nSELECT 1;\n", "\\P touch PWN\nSELECT 1;\n", "edit\n", "\\e\n",
    "CREATE TABLE IF NOT EXISTS l (a text); LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE l;\n",
    "CREATE TABLE IF NOT EXISTS l (a text); LOAD DATA INFILE '/etc/passwd' INTO TABLE l;\n",
    "SELECT 1 INTO OUTFILE 'PWN';\n", "SELECT 1 INTO DUMPFILE 'PWN';\n",
  ]

  @Test("No dump runs a program or opens a file", arguments: await EngineAvailability.runtimes())
  func imports(_ runtime: String) async throws {
    try await withApp(Self.manifest(runtime), AppOptions(runtime: runtime)) { app in
      try await app.up()
      let isNative = runtime == "native"
      let target = isNative ? app.root.appending(path: "pwned").path(percentEncoded: false) : "/tmp/pwned"
      // In a container the same clients are asked in the same way; a few scripts show it.
      func some(_ scripts: [String]) -> [String] { isNative ? scripts : Array(scripts.prefix(5)) }
      let scripts = some(Self.postgres).map { ("mydb", $0) } + some(Self.mysql).map { ("other", $0) }
      for (name, script) in scripts {
        let result = try await app.resources("import", name, input: script.replacing("PWN", with: target))
        #expect(result.status == 1, "\(name): \(script): \(result)")
        if isNative { try #require(!exists(target), "\(name): \(script)") }
      }
      guard isNative else {
        for (name, look) in [("mydb", "\\! ls /tmp\n"), ("other", "system ls /tmp\n")] {
          let list = try await app.resources("console", name, input: look)
          #expect(!list.stdout.contains("pwned"), "\(list)")
        }
        return
      }
      try await administrator(app, target)
      try await trusted(app)
    }
  }

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

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

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

  @Test("A psql that cannot be restricted imports nothing but what is trusted", .nativeEngines)
  func oldClient() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
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
          '\\restrict'*) echo 'psql:<stdin>:1: error: invalid command \\restrict' >&2; exit 3;;
        esac
        { printf '%s\\n' "$line"; cat; } | '\(engine.appending(path: "psql").path)' "$@"

        """.utf8
      ).write(to: folder.appending(path: "psql"))
      #expect(chmod(folder.appending(path: "psql").path, 0o755) == 0)
      try await app.up()
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
}
