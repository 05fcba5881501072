import DrydockTestSupport
import Foundation
import Testing

/// An app in a folder of its own, with a state folder of its own, whose resources run natively.
private struct OptionApp {
  let root: URL
  let executable: String

  /// What a command ended with.
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  var folder: URL { root.appending(path: "app") }

  /// Runs the body in a new app, and removes everything afterwards, running servers included.
  static func with(_ manifest: String, _ body: (OptionApp) async throws -> Void) async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "drydock-options-\(UUID().uuidString)")
    let app = OptionApp(root: root, executable: try BuiltProducts.executable("drydock"))
    try FileManager.default.createDirectory(at: app.folder, withIntermediateDirectories: true)
    // Engines drop to another user, who has to pass.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root.path)
    try app.write(manifest)
    do {
      try await body(app)
    } catch {
      await app.remove()
      throw error
    }
    await app.remove()
  }

  func write(_ manifest: String) throws {
    try manifest.write(to: folder.appending(path: "convox.yml"), atomically: true, encoding: .utf8)
  }

  private func remove() async {
    try? write("services: {}\n")
    _ = try? await run("down")
    try? FileManager.default.removeItem(at: root)
  }

  func run(_ arguments: String...) async throws -> Outcome { try await run(arguments) }

  private func run(_ arguments: [String]) async throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.currentDirectoryURL =
      FileManager.default.fileExists(atPath: folder.path) ? folder : root
    process.environment = ProcessInfo.processInfo.environment.merging([
      "DRYDOCK_HOME": root.appending(path: "home").path, "DRYDOCK_RUNTIME": "native",
      "DRYDOCK_SPARES": "0",
    ]) { $1 }
    process.standardInput = FileHandle.nullDevice
    let paths = ["out", "err"].map { root.appending(path: "\($0)-\(UUID().uuidString)") }
    for path in paths { try Data().write(to: path) }
    process.standardOutput = try FileHandle(forWritingTo: paths[0])
    process.standardError = try FileHandle(forWritingTo: paths[1])
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    let texts = try paths.map { try String(contentsOf: $0, encoding: .utf8) }
    return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
  }

  /// Runs a command that has to work, and gives what it printed.
  @discardableResult
  func result(_ arguments: String...) async throws -> String {
    let outcome = try await run(arguments)
    try #require(outcome.status == 0, "\(arguments): \(outcome)")
    return outcome.output
  }

  /// Runs a script with the service's variables.
  func script(_ text: String) async throws -> Outcome {
    try await run("run", "web", "--", "sh", "-c", text)
  }
}

private let hasDatabases = InstalledEngines.postgres != nil && InstalledEngines.mariadb != nil

@Suite("Options and parameters from the command line", .enabled(if: hasDatabases))
struct OptionCommandTests {
  @Test("A new password reaches running databases, and their data stays")
  func password() async throws {
    let manifest = """
      resources:
        mydb: {type: postgres, options: {version: "15"}}
        legacy: {type: mariadb, options: {version: "10.11"}}
      services:
        web: {resources: [mydb, legacy]}
      """
    try await OptionApp.with(manifest) { app in
      try await app.result("up")
      let maria =
        "mariadb --no-defaults --protocol=tcp -h $LEGACY_HOST -P $LEGACY_PORT -u app -p$PW app -BNe"
      let fill = """
        psql -qX "$MYDB_URL" -c 'CREATE TABLE t AS SELECT 42 AS a'
        PW=$LEGACY_PASS; \(maria) 'CREATE TABLE t AS SELECT 43 AS a'
        echo "$MYDB_URL"
        """
      let before = try await app.script(fill)
      try #require(before.status == 0, "\(before)")
      let old = before.output.trimmingCharacters(in: .newlines)
      #expect(
        try await app.result("params", "set", "ResourcePassword=chosen-password")
          == "Setting ResourcePassword... OK\n")
      let read = """
        psql -AtX "$MYDB_URL" -c 'SELECT a FROM t'
        PW=chosen-password; \(maria) 'SELECT a FROM t'
        psql -AtX '\(old)' -c 'SELECT 1' 2>/dev/null || echo refused
        """
      let after = try await app.script(read)
      #expect(after.output == "42\n43\nrefused\n", "\(after)")
      let file = try String(contentsOf: app.folder.appending(path: ".drydock/web.env"), encoding: .utf8)
      #expect(file.contains("mysql://app:chosen-password@"))
      #expect(try await app.result("params").contains("ResourcePassword         ****"))
      let tooShort = try await app.run("params", "set", "ResourcePassword=short")
      #expect(tooShort.status == 64)
      #expect(try await app.script("psql -AtX \"$MYDB_URL\" -c 'SELECT a FROM t'").output == "42\n")
    }
  }

  @Test("A size from the app env grows, never shrinks, and another rack's env lies beside")
  func dynamicConfiguration() async throws {
    func manifest(_ isProtected: Bool) -> String {
      """
      resources:
        mydb:
          type: postgres
          options:
            version: "15"
            storage: ${POSTGRES_STORAGE_SIZE}
            deletionProtection: \(isProtected)
      services:
        web: {resources: [mydb]}
      """
    }
    try await OptionApp.with(manifest(true)) { app in
      try await app.result("env", "set", "POSTGRES_STORAGE_SIZE=50")
      let other = try await app.run("env", "set", "POSTGRES_STORAGE_SIZE=200", "--rack", "acme/production")
      #expect(other.status == 0)
      #expect(try await app.result("env", "get", "POSTGRES_STORAGE_SIZE") == "50\n")
      try await app.result("up")
      let plan = try await app.run("up", "--dry-run", "-r", "acme/production")
      #expect(plan.output.contains("storage 50 → 200"), "\(plan)")
      try await app.result("env", "set", "POSTGRES_STORAGE_SIZE=20")
      let smaller = try await app.run("up")
      #expect(smaller.status == 78)
      #expect(smaller.errors.contains("convox.yml:6:16: resource mydb: storage cannot shrink from 50 to 20"))
      #expect(try await app.run("check").status == 65)
      try await app.result("env", "unset", "POSTGRES_STORAGE_SIZE")
      let kept = try await app.run("up")
      #expect(kept.status == 0)
      #expect(kept.errors.contains("storage stays 50, as deployed"), "\(kept)")
      #expect(try await app.result("ps", "--format", "json").contains("\"storage\" : \"50\""))

      #expect(try await app.run("down", "--delete-data", "--yes").status == 1)
      try app.write(manifest(false))
      #expect(try await app.run("down", "--delete-data", "--yes").status == 1)
      try await app.result("up")
      #expect(try await app.run("down", "--delete-data", "--yes").status == 0)
    }
  }

  @Test("What a folder that is gone leaves behind is not pruned while it is protected")
  func prune() async throws {
    let manifest = """
      resources:
        mydb: {type: postgres, options: {version: "15", deletionProtection: true}}
      services:
        web: {resources: [mydb]}
      """
    try await OptionApp.with(manifest) { app in
      try await app.result("up")
      try await app.result("down")
      let aside = app.root.appending(path: "aside")
      try FileManager.default.moveItem(at: app.folder, to: aside)
      let pruned = try await app.run("prune", "--yes")
      #expect(pruned.status == 1)
      #expect(pruned.errors.contains("mydb of app"), "\(pruned)")
      try FileManager.default.moveItem(at: aside, to: app.folder)
      try await app.result("up")
    }
  }
}
