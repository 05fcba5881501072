import DrydockTestSupport
import Foundation
import Testing

/// A resource as `--format json` shows it.
private struct Shown: Decodable {
  var name: String
  var status: String
  var url: String?
  var parameters: [String: String]
  var apps: [String]
}

/// Resources that are created on their own, from the first command to the last.
@Suite("Created resources")
struct CreatedResourceTests {
  @Test("A database's life", arguments: await EngineAvailability.runtimes())
  func database(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await app.expect(
        "Creating resource... OK, main-db\n", "create", "postgres", "-n", "main-db", "version=15",
        "storage=30")
      let url = try #require(try await app.shown("info", "main-db").url)
      try await app.query("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)", at: url)
      try await app.expect("Updating resource... OK\n", "update", "main-db", "storage=40", "-w")
      try await app.refuse("storage cannot shrink from 40 to 30", "update", "main-db", "storage=30")
      try await app.refuse("unknown option stroage", "update", "main-db", "stroage=50")
      let shown = try await app.shown("info", "main-db")
      #expect(shown.status == "running")
      #expect(shown.parameters["storage"] == "40")
      #expect(shown.url == url)
      #expect(try await app.query("SELECT id FROM kept", at: url) == "7")
      try await linked(app, url)
      try await stopped(app, url)
      try await deleted(app)
    }
  }

  private func linked(_ app: AppFixture, _ url: String) async throws {
    try await app.up()
    try await app.expect("Linking to app... OK\n", "link", "main-db", "-a", "app")
    #expect(try await app.variables()["MAIN_DB_URL"] == url)
    #expect(try await app.variables("web")["MAIN_DB_URL"] == url)
    #expect(app.read(".drydock/web.env")?.contains("MAIN_DB_URL=\(url)\n") == true)
    #expect(try await app.shown("info", "main-db").apps == ["app"])
    try await app.refuse("resource main-db is linked to app", "delete", "main-db", "--yes")
    try await app.refuse("no such app: nope", "link", "main-db", "-a", "nope")
  }

  private func stopped(_ app: AppFixture, _ url: String) async throws {
    let down = try await app.drydock("down", "--all")
    #expect(down.status == 0, "\(down)")
    #expect(try await app.shown("info", "main-db").status == "stopped")
    let run = try await app.drydock("run", "web", "--", "true")
    #expect(
      run.stderr.contains("main-db is linked and not running; start it: drydock resources start main-db"))
    let up = try await app.drydock("up", "--app", "main-db")
    #expect(up.status == 64 && up.stderr.contains("drydock resources start main-db"), "\(up)")
    try await app.expect("Starting resource... OK\n", "start", "main-db")
    #expect(try await app.query("SELECT id FROM kept", at: url) == "7")
  }

  private func deleted(_ app: AppFixture) async throws {
    try await app.expect("Unlinking from app... OK\n", "unlink", "main-db")
    #expect(app.read(".drydock/web.env")?.contains("MAIN_DB") != true)
    try await app.expect("Updating resource... OK\n", "update", "main-db", "deletionProtection=true")
    try await app.refuse("deletion protection is on", "delete", "main-db", "--yes")
    try await app.expect("Updating resource... OK\n", "update", "main-db", "deletionProtection=false")
    try await app.refuse("for good", "delete", "main-db")
    try await app.expect("Deleting resource... OK\n", "delete", "main-db", "--yes")
    try await app.refuse("no such resource: main-db", "info", "main-db")
    #expect(app.instances.count == 1, "the app's alone is left")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: app.home.appending(path: "resources").path).isEmpty)
  }

  @Test("An app that has linked resources only is not told to start anything")
  func linkedOnly() async throws {
    try await withApp("{}", AppOptions(runtime: "native", isHeavy: false)) { app in
      try await app.up()
      try await app.expect("Creating resource... OK, files\n", "create", "efs", "-n", "files")
      try await app.expect("Linking to app... OK\n", "link", "files", "-a", "app")
      let list = try await app.drydock("resources")
      #expect(list.stdout.contains("files  efs") && list.stderr.isEmpty, "\(list)")
      try await app.expect("Unlinking from app... OK\n", "unlink", "files", "-a", "app")
      try await app.expect("Deleting resource... OK\n", "delete", "files", "--yes")
    }
  }

  @Test("A new password reaches the apps that are linked", arguments: await EngineAvailability.runtimes())
  func password(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let database = ["create", "postgres", "-n", "main-db", "version=15"]
      for words in [database, ["create", "redis", "-n", "safe", "version=7.0", "encrypted=true"]] {
        try await app.expect("Creating resource... OK, \(words[3])\n", words)
        try await app.expect("Linking to app... OK\n", "link", words[3], "-a", "app")
        // The encrypted redis starts again for it.
        let password = "new-password-of-\(words[3])"
        let set = try await app.drydock("params", "set", "ResourcePassword=\(password)", "--app", words[3])
        #expect(set.status == 0 && set.stdout == "Setting ResourcePassword... OK\n", "\(set)")
      }
      let variables = try await app.variables("web")
      let url = try #require(variables["MAIN_DB_URL"])
      #expect(url.contains(":new-password-of-main-db@"))
      #expect(try await app.query("SELECT 7", at: url) == "7")
      let safe = try #require(variables["SAFE_URL"])
      #expect(safe.contains(":new-password-of-safe@"))
      #expect(try await app.drydock("resources", "console", "safe", "--", "ping").stdout == "PONG\n")
      for line in ["MAIN_DB_URL=\(url)\n", "SAFE_URL=\(safe)\n"] {
        #expect(app.read(".drydock/web.env")?.contains(line) == true)
      }
    }
  }

  @Test("Two at once get different names, and prune leaves them", .nativeEngines)
  func twoAtOnce() async throws {
    try await withApp("{}", AppOptions(runtime: "native")) { app in
      let runs = try (0..<2).map { _ in try app.start(["resources", "create", "redis", "version=7.0"]) }
      var names: Set<String> = []
      for run in runs {
        let result = try await run.result()
        let match = try #require(
          result.stdout.wholeMatch(of: /Creating resource\.\.\. OK, (redis-[0-9]{4})\n/), "\(result)")
        names.insert(String(match.1))
      }
      #expect(names.count == 2)
      _ = try await app.drydock("prune", "--yes")
      #expect(Set(try await app.ps("--all").keys) == names)
      for name in names { try await app.expect("Deleting resource... OK\n", "delete", name, "--yes") }
    }
  }

  @Test("Killed while it is made, it is seen as failed, and can be started", .nativeEngines)
  func killed() async throws {
    try await withApp("{}", AppOptions(runtime: "native")) { app in
      let run = try app.start(["resources", "create", "postgres", "--name", "half", "version=15"])
      try await eventually("initialising", pause: .milliseconds(2)) {
        run.stderr.contains("half  initialising")
      }
      // However long somebody takes to look, it comes no further.
      run.send(SIGSTOP)
      #expect(try await app.shown("info", "half").status == "creating")
      run.send(SIGKILL)
      _ = try await run.result()
      #expect(try await app.shown("info", "half").status == "failed")
      try await app.refuse("resource already exists: half (postgres)", "create", "redis", "-n", "half")
      try await app.expect("Starting resource... OK\n", "start", "half")
      #expect(try await app.shown("info", "half").status == "running")
      try await app.expect("Deleting resource... OK\n", "delete", "half", "--yes")
    }
  }

  @Test("An update that cannot begin changes nothing", .nativeEngines)
  func notBegun() async throws {
    try await withApp("{}", AppOptions(runtime: "native")) { app in
      try await app.expect(
        "Creating resource... OK, main\n", "create", "postgres", "-n", "main", "version=15")
      // Its data is of another series.
      try await app.refuse("version 12 cannot serve it", "update", "main", "version=12", "storage=30")
      let shown = try await app.shown("info", "main")
      #expect(shown.status == "running")
      #expect(shown.parameters["version"] == "15")
      #expect(shown.parameters["storage"] == "20")
      try await app.expect("Updating resource... OK\n", "update", "main", "storage=25")
      try await app.expect("Deleting resource... OK\n", "delete", "main", "--yes")
    }
  }

  @Test("It survives the loss of its folder, and can be deleted on a full disk", .nativeEngines)
  func lossAndFullDisk() async throws {
    try await withApp("{}", AppOptions(runtime: "native")) { app in
      try await app.expect(
        "Creating resource... OK, main\n", "create", "redis", "-n", "main", "version=7.0")
      let before = try await app.shown("info", "main")
      try FileManager.default.removeItem(at: app.home.appending(path: "resources"))
      try await app.expect("Starting resource... OK\n", "start", "main")
      #expect(try await app.shown("info", "main").url == before.url)
      #expect(app.instances.count == 1)

      var full = app
      // No byte can be written to a file, as on a full disk; what is printed goes through a pipe.
      full.prefix = [
        "bash", "-c", #"set -o pipefail; trap "" XFSZ; (ulimit -f 0; exec "$@") 2>&1 | cat"#, "bash",
      ]
      let create = try await full.drydock("resources", "create", "syslog", "-n", "logs", "Url=udp://h:1")
      #expect(create.status == 1 && create.stdout.contains("free some space"), "\(create)")
      #expect(create.stdout.components(separatedBy: "/resources/logs").count == 2, "\(create)")
      #expect(!FileManager.default.fileExists(atPath: app.home.appending(path: "resources/logs").path))
      #expect(app.instances.count == 1)
      let delete = try await full.drydock("resources", "delete", "main", "--yes")
      #expect(delete.status == 0 && delete.stdout == "Deleting resource... OK\n", "\(delete)")
      #expect(app.instances.isEmpty)
    }
  }

  @Test("An app and a resource of the same name are told apart", .nativeEngines)
  func names() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.expect("Creating resource... OK, app\n", "create", "redis", "-n", "app", "version=7")
      #expect(try await app.shown("info", "app").parameters["version"] == "7.0")
      let outside = app.inFolder(app.root)
      let list = try await outside.drydock("resources")
      #expect(list.status == 0 && list.stdout.hasPrefix("NAME  TYPE   URL\napp   redis  redis://"), "\(list)")
      let up = try await app.drydock("up")
      #expect(up.status == 0, "\(up)")
      #expect(up.stderr.contains(": app is a resource that was created on its own"), "\(up)")
      let linked = try await app.drydock("resources", "link", "app", "-a", "app")
      #expect(linked.stdout.contains(/Linking to app-[a-z0-9]+... OK/), "\(linked)")
      try await app.refuse("cache is a resource of app-", "delete", "cache", "--yes")
      try await app.refuse("cache is a resource of app-", "update", "cache", "version=7.0")
      try await ambiguous(app)
      let here = try await app.drydock("down", "--app", "app")
      #expect(here.stdout == "cache  stopped, data kept\n", "\(here)")
      let there = try await outside.drydock("down", "--app", "app", "--delete-data", "--yes")
      #expect(there.status == 0 && there.stdout == "cache  data deleted\n", "\(there)")
      #expect(try await app.shown("info", "app").status == "running")
      let unlinked = try await app.drydock("resources", "unlink", "app")
      #expect(unlinked.status == 0, "\(unlinked)")
      let down = try await app.drydock("down", "--all")
      #expect(down.stdout == "-  app  stopped, data kept\n", "\(down)")
      try await app.expect("Deleting resource... OK\n", "delete", "app", "--yes")
    }
  }

  /// The app declares what was linked to it before.
  private func ambiguous(_ app: AppFixture) async throws {
    let create = try await app.drydock("resources", "create", "syslog", "-n", "cache", "Url=udp://h:1")
    #expect(create.status == 0 && create.stderr.contains("has a cache too"), "\(create)")
    let delete = try await app.drydock("resources", "delete", "cache", "--yes")
    #expect(delete.status == 0 && delete.stderr.contains("this is the created cache"), "\(delete)")
    try app.write(manifest: Manifests.redis.replacing("cache", with: "app"))
    let check = try await app.drydock("check")
    #expect(check.stdout.contains("has the variables of the created app"), "\(check)")
    let plan = try await app.drydock("up", "--dry-run")
    #expect(plan.stderr.contains("has the variables of the created app"), "\(plan)")
    try app.write(manifest: Manifests.redis)
  }

  @Test("One that cannot be made leaves its name free", .nativeEngines)
  func notMade() async throws {
    try await withApp("{}", AppOptions(runtime: "native")) { app in
      try await app.refuse("timed out", "create", "postgres", "-n", "late", "version=15", "--timeout", "0.01")
      #expect(app.instances.isEmpty)
      try await app.expect("Creating resource... OK, late\n", "create", "redis", "-n", "late", "version=7.0")
      try await app.expect("Deleting resource... OK\n", "delete", "late", "--yes")
    }
  }
}

extension AppFixture {
  /// Runs a resource command that has to work, and print just this.
  fileprivate func expect(_ output: String, _ words: String...) async throws {
    try await expect(output, words)
  }

  fileprivate func expect(_ output: String, _ words: [String]) async throws {
    let result = try await start(["resources"] + words).result()
    try #require(result.status == 0, "\(result)")
    #expect(result.stdout == output)
  }

  /// Runs a resource command that has to be refused as convox does: with 1, the error on stderr.
  fileprivate func refuse(_ message: String, _ words: String...) async throws {
    let result = try await start(["resources"] + words).result()
    #expect(result.status == 1, "\(result)")
    #expect(result.stderr.contains("ERROR: ") && result.stderr.contains(message), "\(result)")
    #expect(result.stdout.isEmpty)
  }

  /// What a resource command shows of a resource.
  fileprivate func shown(_ words: String...) async throws -> Shown {
    let result = try await start(["resources"] + words + ["--format", "json"]).result()
    try #require(result.status == 0, "\(result)")
    return try result.decode()
  }
}
