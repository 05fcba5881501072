import DrydockTestSupport
import Foundation
import Testing

/// The commands one by one, with what they print and how they end.
@Suite struct CommandTests {
  @Test("Every format of env means the same", .nativeEngines)
  func formats() async throws {
    let manifest = """
      environment: ["MODE=dev", "EMPTY="]
      resources:
        cache: { type: redis, options: { version: "7.0" } }
      services:
        web: { image: web, resources: [cache] }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try await app.up()
      let expected = try await app.variables("web")
      #expect(expected["MODE"] == "dev" && expected["EMPTY"] == "")
      let dotenv = try await app.drydock("env", "web")
      try app.write(dotenv.stdout, to: "all.txt")
      let shell = try await app.drydock("env", "web", "--format", "shell")
      try app.write(shell.stdout, to: "all.sh")
      for script in ["set -a; . ./all.txt", "set -a; . ./all.sh", "eval \"$(cat all.sh)\""] {
        let result = try await app.program("env", "-i", "/bin/sh", "-c", "\(script); /usr/bin/env -0")
        let seen = Self.variables(result.stdout, separator: "\0")
        for (name, value) in expected { #expect(seen[name] == value, "\(script): \(name)") }
      }
      let github = try await app.drydock("env", "web", "--format", "github")
      #expect(github.status == 0 && github.stdout.contains("MODE"), "\(github)")
      let file = app.folder.appending(path: ".drydock/web.env")
      #expect(try String(contentsOf: file, encoding: .utf8) == dotenv.stdout)
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(app.read(".drydock/.gitignore") == "*\n")
      try await leaveOutWhatReadersDisagreeOn(app, manifest)
      _ = try await app.drydock("down")
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  private func leaveOutWhatReadersDisagreeOn(_ app: AppFixture, _ manifest: String) async throws {
    try app.write(manifest: manifest.replacing("MODE=dev", with: "MODE=it's # not a $comment"))
    let dotenv = try await app.drydock("env", "web")
    #expect(
      dotenv.status == 0 && dotenv.stderr.contains("MODE") && dotenv.stdout.contains("\nEMPTY=\n"),
      "\(dotenv)")
    #expect(dotenv.stdout.contains("# left out: MODE") && !dotenv.stdout.contains("comment"), "\(dotenv)")
    try app.write(try await app.drydock("env", "web", "--format", "shell").stdout, to: "all.sh")
    let result = try await app.program("/bin/sh", "-c", ". ./all.sh; printf %s \"$MODE\"")
    #expect(result.stdout == "it's # not a $comment", "\(result)")
  }

  private static func variables(_ text: String, separator: Character) -> [String: String] {
    let pairs = text.split(separator: separator).map { line -> (String, String) in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), String(parts.dropFirst().first ?? ""))
    }
    return Dictionary(pairs) { $1 }
  }

  @Test("A user's own .env keeps every byte that is not drydock's", .nativeEngines)
  func userEnvironmentFile() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      let own = "# mine\r\nKEY=value\r\nLAST=no newline"
      try app.write(own, to: ".env")
      let path = app.folder.appending(path: ".env").path
      chmod(path, 0o640)
      for _ in 0..<2 {
        let result = try await app.drydock("env", "web", "--write", ".env")
        #expect(result.status == 0, "\(result)")
      }
      let text = try #require(app.read(".env"))
      #expect(text.hasPrefix(own))
      #expect(text.components(separatedBy: "CACHE_URL=redis://127.0.0.1").count == 2, "one block: \(text)")
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o640)
    }
  }

  @Test("The app env feeds interpolation and services", .nativeEngines)
  func appEnvironment() async throws {
    let manifest = """
      resources:
        cache: { type: redis, options: { version: "${REDIS_VERSION}" } }
        other: { type: postgres }
      services:
        web: { image: web, environment: [SECRET], resources: [cache, other] }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      let external = "postgres://me:pw@db.example:5432/far"
      let set = try await app.drydock("env", "set", "REDIS_VERSION=7.0", "OTHER_URL=\(external)")
      #expect(set.status == 0 && set.stdout == "Setting OTHER_URL, REDIS_VERSION... OK\n", "\(set)")
      let steps = try await app.up()
      #expect(steps["cache"]?.drift == nil)
      #expect(steps["other"]?.status == "external")
      #expect(try await app.ps()["other"]?.status == "external")
      let missing = try await app.drydock("env", "web")
      #expect(missing.status == 65 && missing.stderr.contains("required env: SECRET"), "\(missing)")
      let piped = try await app.drydock("env", "set", input: "SECRET= a \"b\"\nnonsense\n")
      #expect(piped.status == 0, "\(piped)")
      let variables = try await app.variables("web")
      #expect(variables["SECRET"] == " a \"b\"")
      #expect(variables["OTHER_URL"] == external && variables["OTHER_HOST"] == "")
      #expect(try await app.drydock("env", "get", "REDIS_VERSION").stdout == "7.0\n")
      let unset = try await app.drydock("env", "unset", "SECRET")
      #expect(unset.stdout == "Unsetting SECRET... OK\n", "\(unset)")
      let gone = try await app.drydock("env", "get", "SECRET")
      #expect(gone.status == 1 && gone.stderr == "ERROR: env not found: SECRET\n", "\(gone)")
    }
  }

  @Test("run becomes its command: same process, exit code, signals", .nativeEngines)
  func run() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      let code = try await app.drydock(
        "run", "web", "--", "sh", "-c", "echo $CACHE_URL $OWN; exit 42", environment: ["OWN": "kept"])
      #expect(
        code.status == 42 && code.stdout.hasPrefix("redis://127.0.0.1") && code.stdout.hasSuffix(" kept\n"),
        "\(code)")
      let script = "trap 'echo caught; exit 7' TERM; echo $$; while :; do sleep 0.05; done"
      let running = try app.start(["run", "web", "sh", "-c", script])
      try await eventually("the command") { running.stdout.hasSuffix("\n") }
      #expect(running.stdout == "\(running.processID)\n", "it has drydock's own process id")
      running.send(SIGTERM)
      let ended = try await running.result(within: .seconds(30))
      #expect(ended.status == 7 && ended.stdout.hasSuffix("caught\n"), "\(ended)")
      let killed = try await app.drydock("run", "web", "--", "sh", "-c", "kill -TERM $$")
      #expect(killed.status == 143, "signals have their usual effect again: \(killed)")
      let none = try await app.drydock("run", "web", "--", "/no/such/program")
      #expect(none.status == 127, "\(none)")
      let nothing = try await app.drydock("run", "web")
      #expect(nothing.status == 64, "\(nothing)")
      let service = try await app.drydock("run", "wbe", "--", "true")
      #expect(service.status == 64 && service.stderr.contains("web"), "\(service)")
      _ = try await app.drydock("down")
      let idle = try await app.drydock("run", "web", "--", "true")
      #expect(idle.status == 0 && idle.stderr.contains("cache is not running"), "\(idle)")
    }
  }

  @Test("logs shows the past and follows until Ctrl-C", arguments: await EngineAvailability.runtimes())
  func logs(_ runtime: String) async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let past = try await app.drydock("logs", "mydb")
      #expect(
        past.status == 0 && past.stdout.contains("mydb | ") && past.stdout.contains("ready to accept"),
        "\(past)")
      let short = try await app.drydock("logs", "--tail", "1")
      #expect(short.stdout.split(separator: "\n").count == 1, "\(short)")
      let following = try app.start(["logs", "-f", "--tail", "0"])
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await eventually("a new line") {
        // Each failure is a line in PostgreSQL's log.
        _ = try await app.sql("SELECT missing", at: url)
        return following.stdout.contains("mydb | ") && following.stdout.contains("missing")
      }
      following.send(SIGINT)
      let result = try await following.result(within: .seconds(30))
      #expect(result.status == 130, "\(result)")
      let unknown = try await app.drydock("logs", "mybd")
      #expect(unknown.status == 64 && unknown.stderr.contains("mydb"), "\(unknown)")
    }
  }

  @Test("--dry-run prints the plan and changes nothing", arguments: await EngineAvailability.runtimes())
  func dryRun(_ runtime: String) async throws {
    try await withApp(Manifests.full, AppOptions(runtime: runtime, isHeavy: false)) { app in
      let result = try await app.drydock("up", "--dry-run", "--format", "json")
      #expect(result.status == 0, "\(result)")
      let plan: PlanPage = try result.decode()
      #expect(plan.runtime == runtime && plan.items.count == 6)
      #expect(plan.items.filter { $0.action == "create" }.count == 5)
      #expect(!FileManager.default.fileExists(atPath: app.home.path))
      #expect(!FileManager.default.fileExists(atPath: app.folder.appending(path: ".drydock").path))
    }
  }

  @Test(
    "manifest prints the model, also without a required variable, or nothing; check finds what would fail, with their exit codes"
  )
  func manifestAndCheck() async throws {
    try await withApp(Manifests.full, AppOptions(isHeavy: false)) { app in
      struct Model: Decodable {
        struct Item: Decodable { var name: String }
        var resources: [Item]
        var services: [Item]
      }
      let good = try await app.drydock("manifest", "--format", "json")
      let model: Model = try good.decode()
      #expect(good.status == 0 && model.resources.map(\.name).contains("legacy") && model.services.count == 1)
      #expect(try await app.drydock("check").status == 0)
      try app.write(manifest: "resources:\n  mydb: { type: postgres, options: { class: db.t9.huge } }\n")
      #expect(try await app.drydock("check").status == 0)
      let strict = try await app.drydock("check", "--strict")
      #expect(strict.status == 65, "\(strict)")
      for (text, word) in [
        ("resources:\n  mydb: { type: postgrs }\n", "postgres"),
        ("resources:\n  mydb: { type: postgres, options: { storge: 5 } }\n", "storage"),
        ("resources:\n  mydb:\n", "resource type can not be blank"),
        ("resources:\n  my-db: { type: redis }\n  my_db: { type: redis }\n", "my_db"),
        ("services:\n  web: { image: web, environment: [SECRET] }\n", "required env: SECRET"),
        ("resources: [\n", "convox.yml:"),
      ] {
        try app.write(manifest: text)
        for command in ["manifest", "check"] {
          let result = try await app.start([command]).result()
          // What AWS alone would refuse is understood, and shown.
          let isShown = command == "manifest" && ["required env: SECRET", "storage"].contains(word)
          #expect(result.status == (isShown && word == "storage" ? 0 : 65), "\(command) \(text): \(result)")
          #expect((result.stderr + result.stdout).contains(word), "\(command): \(result)")
          if command == "manifest" { #expect(result.stdout.isEmpty == !isShown, "\(result)") }
        }
      }
      let up = try await app.drydock("up")
      #expect(up.status == 65 && app.instances.isEmpty, "\(up)")
    }
  }

  @Test("Without a command run takes the service's own, by a shell", .nativeEngines)
  func ownCommand() async throws {
    let manifest = """
      resources:
        cache: { type: redis, options: { version: "7.0" } }
      services:
        web: { image: web, resources: [cache], command: "echo $CACHE_HOST; exit 3" }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try await app.up()
      let result = try await app.drydock("run", "web")
      #expect(result.status == 3 && result.stdout == "127.0.0.1\n", "\(result)")
    }
  }

  @Test("A version that runs already is refused where it must not differ", .nativeEngines)
  func strictlyWhatRuns() async throws {
    let manifest = "resources:\n  mem: { type: memcached, options: { version: \"1.4\" } }\n"
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try await app.up()
      let plan = try await app.drydock("up", "--dry-run", "--format", "json").decode(PlanPage.self)
      #expect(plan.items.first?.drift?.contains("1.4 is wanted") == true)
      let result = try await app.drydock("up", "--strict-version")
      #expect(result.status == 69 && result.stderr.contains("1.4 is wanted"), "\(result)")
      #expect(try await app.ps()["mem"]?.status == "running")
    }
  }

  @Test(
    "A server whose place a URL of the user's takes is stopped, its data kept",
    arguments: await EngineAvailability.runtimes())
  func externalInsteadOfRunning(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let port = try #require(try await app.ps()["cache"]?.port)
      try await app.redis("SET", "key", "kept", port: port)
      _ = try await app.drydock("env", "set", "CACHE_URL=redis://elsewhere:1/0")
      #expect(try await app.up()["cache"]?.status == "external")
      #expect(try await app.start(["redis-cli", "-p", "\(port)", "PING"], tool: true).result().status != 0)
      _ = try await app.drydock("env", "unset", "CACHE_URL")
      try await app.up()
      #expect(try await app.redis("GET", "key", port: port) == "kept")
    }
  }

  @Test("A result that cannot be written is an error")
  func fullOutput() async throws {
    try await withApp(Manifests.small, AppOptions(isHeavy: false)) { app in
      let program = try BuiltProducts.executable("drydock")
      let result = try await app.program("sh", "-c", "'\(program)' manifest >/dev/full")
      #expect(result.status == 1 && result.stderr.contains("cannot write the result"), "\(result)")
    }
  }

  @Test("Without a manifest: 66, and the folders that were searched")
  func noManifest() async throws {
    try await withApp("", AppOptions(isHeavy: false)) { app in
      try FileManager.default.removeItem(at: app.folder.appending(path: "convox.yml"))
      for command in [["up"], ["manifest"], ["check"], ["env"], ["run", "web", "--", "true"]] {
        let result = try await app.start(command).result()
        #expect(result.status == 66 && result.stderr.contains(app.folder.path), "\(result)")
      }
      let down = try await app.drydock("down")
      #expect(down.status == 0 && down.stderr.contains("nothing"), "\(down)")
    }
  }

  @Test("down when nothing runs says so, and unknown names are told with the nearest", .nativeEngines)
  func downAndNames() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      let early = try await app.drydock("down")
      #expect(early.status == 0 && early.stderr.contains("nothing"), "\(early)")
      let unknown = try await app.drydock("up", "cahe")
      #expect(unknown.status == 64 && unknown.stderr.contains("cache"), "\(unknown)")
      try await app.up()
      let wrong = try await app.drydock("down", "cahe")
      #expect(wrong.status == 64 && wrong.stderr.contains("cache"), "\(wrong)")
      let asked = try await app.drydock("down", "--delete-data")
      #expect(asked.status == 64 && asked.stderr.contains("--yes"), "\(asked)")
      #expect(try await app.ps()["cache"]?.status == "running")
    }
  }

  /// Bug: some printed nothing at all.
  @Test(
    "What is empty says so, and how to begin, where no result is printed",
    arguments: [
      ("env list", "drydock env set KEY=VALUE", "{}"), ("timers list", "no timers", "[]"),
      ("volumes list", "no service has a volume", "[]"), ("ps", "drydock start", "[]"),
      ("ps --services", "no service is started", "[]"), ("prune", "nothing to remove", "[]"),
      ("rack resources", "drydock rack resources create TYPE", "[]"), ("logs", "drydock start", nil),
      ("test --kept", "kept nothing", nil),
    ])
  func empty(_ command: String, _ words: String, _ json: String?) async throws {
    try await withApp("services:\n  web: { image: web }\n", AppOptions(isHeavy: false)) { app in
      let arguments = command.split(separator: " ").map(String.init)
      let result = try await app.start(arguments).result()
      #expect(result.status == 0 && result.stderr.contains(words), "\(result)")
      #expect(result.stdout.split(separator: "\n").count <= 1, "\(result)")
      guard let json else { return }
      let value = try await app.start(arguments + ["--format", "json", "-q"]).result()
      #expect(value.status == 0 && value.stdout == json + "\n" && value.stderr == "", "\(value)")
    }
  }

  @Test("doctor names engines and Docker, in JSON too")
  func doctor() async throws {
    try await withApp("", AppOptions(isHeavy: false)) { app in
      let result = try await app.drydock("doctor")
      #expect(result.status == 0 && result.stdout.contains("postgres"), "\(result)")
      let page = try await app.drydock(
        "doctor", "--format", "json", environment: ["DOCKER_HOST": "unix:///none.sock"])
      let findings = try #require(
        try JSONSerialization.jsonObject(with: Data(page.stdout.utf8)) as? [[String: Any]])
      #expect(findings.contains { "\($0)".contains("/none.sock") }, "\(page)")
    }
  }

  @Test(
    "Bad options are refused before anything happens",
    arguments: [
      ["up", "--timeout", "0"], ["up", "--timeout", "soon"], ["up", "--runtime", "podman"],
      ["logs", "--tail", "-1"],
      ["ps", "--format", "xml"], ["nonsense"], ["down", "--all", "cache"],
    ])
  func badOptions(_ words: [String]) async throws {
    try await withApp(Manifests.redis, AppOptions(isHeavy: false)) { app in
      let result = try await app.start(words).result()
      #expect(result.status == 64 && result.stderr.hasPrefix("ERROR: ") && result.stdout.isEmpty, "\(result)")
      #expect(app.instances.isEmpty)
    }
  }
}
