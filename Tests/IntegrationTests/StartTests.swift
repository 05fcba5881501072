import DrydockTestSupport
import Foundation
import Testing

/// What `ps --services --format json` shows of a service.
struct ServiceRow: Decodable {
  struct Replica: Decodable {
    var number: Int
    var state: String
    var id: String?
    var port: Int?
    var restarts: Int
    var lastEnd: String?
  }

  var service: String
  var kind: String
  var desired: Int
  var url: String?
  var replicas: [Replica]
}

/// `drydock start`, with services as processes.
@Suite("Services as processes") struct StartTests {
  /// Two services that listen at the same port, as on AWS, one without any, and a redis.
  private static let manifest = """
    resources:
      cache: { type: redis, options: { version: "7.0" } }
    services:
      web:
        command: [/usr/bin/python3, web.py]
        port: 3000
        scale: 2
        links: [api]
        resources: [cache]
      api:
        command: [/usr/bin/python3, web.py]
        port: 3000
      worker:
        command: 'while true; do echo "works $GREETING"; sleep 1; done'
        environment: [GREETING=hard]
    """

  private static let program = """
    import http.server, json, os
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            names = ["SERVICE", "CACHE_URL", "API_URL"]
            body = json.dumps({"pid": str(os.getpid()), **{n: os.environ.get(n, "") for n in names}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *words): pass
    print("listening", flush=True)
    http.server.ThreadingHTTPServer(("0.0.0.0", 3000), Handler).serve_forever()
    """

  private func withServices(
    _ manifest: String = manifest, _ body: @escaping @Sendable (AppFixture) async throws -> Void
  ) async throws {
    guard InstalledEngines.redis != nil else {
      return print("SKIPPED: redis is not installed")
    }
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try app.write(Self.program, to: "web.py")
      try await body(app)
    }
  }

  private func services(_ app: AppFixture) async throws -> [String: ServiceRow] {
    let result = try await app.drydock("ps", "--services", "--format", "json")
    try #require(result.status == 0, "\(result)")
    let rows: [ServiceRow] = try result.decode()
    return Dictionary(rows.map { ($0.service, $0) }) { first, _ in first }
  }

  /// What a service answers at its published address.
  private func ask(_ url: String, _ app: AppFixture) async throws -> [String: String] {
    let program = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=30).read().decode())"
    let result = try await app.program("/usr/bin/python3", "-c", program, url)
    try #require(result.status == 0, "\(result)")
    return try result.decode()
  }

  @Test("start --detach: both answer at addresses of their own, with their variables, until stop")
  func detached() async throws {
    try await withServices { app in
      let start = try await app.drydock("start", "--detach")
      try #require(start.status == 0, "\(start)")
      let services = try await services(app)
      let web = try #require(services["web"]?.url)
      let api = try #require(services["api"]?.url)
      #expect(web != api)
      let answer = try await ask(web, app)
      #expect(answer["SERVICE"] == "web")
      #expect(answer["API_URL"] == api)
      #expect(answer["CACHE_URL"] == (try await app.variables("web"))["CACHE_URL"])
      try await eventually("the worker's line") {
        try await app.drydock("logs", "worker").stdout.contains("works hard")
      }
      var processes: Set<String> = []
      for _ in 0..<8 { processes.insert(try await ask(web, app)["pid"] ?? "") }
      #expect(processes.isSubset(of: services["web"]?.replicas.compactMap(\.id) ?? []))
      // A second start finds it and changes nothing.
      #expect(try await app.drydock("start", "--detach").status == 0)
      #expect(try await self.services(app)["web"]?.replicas.map(\.id) == services["web"]?.replicas.map(\.id))
      #expect(try await app.drydock("stop").status == 0)
      #expect(app.processes(naming: "web.py").isEmpty)
      let log = try await app.drydock("logs", "worker", "--tail", "1")
      #expect(log.stdout.contains("works hard"), "\(log)")
    }
  }

  @Test("scale and restart change what runs; the address stays")
  func scaleAndRestart() async throws {
    try await withServices { app in
      try #require(try await app.drydock("start", "--detach").status == 0)
      let before = try await services(app)
      #expect(try await app.drydock("scale", "web=3", "worker=0").status == 0)
      try await eventually("three of web, none of worker") {
        let now = try await services(app)
        return now["web"]?.replicas.filter { $0.state == "ready" }.count == 3
          && now["worker"]?.replicas.isEmpty == true
      }
      #expect(try await app.drydock("restart", "web").status == 0)
      try await eventually("three others of web") {
        let now = try await services(app)["web"]
        let old = Set(before["web"]?.replicas.compactMap(\.id) ?? [])
        return now?.replicas.filter { $0.state == "ready" && !old.contains($0.id ?? "") }.count == 3
      }
      #expect(try await services(app)["web"]?.url == before["web"]?.url)
      _ = try await ask(try #require(before["web"]?.url), app)
      #expect(try await app.drydock("scale", "web=-1").stderr.contains("Task count can not be lesser than 0"))
      // Numbers outlive the supervisor.
      #expect(try await app.drydock("stop").status == 0)
      try #require(try await app.drydock("start", "--detach").status == 0)
      #expect(try await services(app)["web"]?.replicas.count == 3)
      #expect(try await app.drydock("down").status == 0)
      #expect(app.processes(naming: "web.py").isEmpty)
    }
  }

  @Test("in the foreground output is shown, and Ctrl-C ends all services and leaves the resources")
  func foreground() async throws {
    try await withServices { app in
      let start = try app.start(["start"])
      try await eventually("two of web are ready") {
        let text = start.stdout
        return text.contains("web.1 ready") && text.contains("web.2 ready") && text.contains("works hard")
      }
      start.send(SIGINT)
      let result = try await start.result()
      #expect(result.status == 130)
      for name in ["web.1", "web.2", "api.1", "worker.1"] {
        #expect(result.stdout.contains("\(name) stopped"), "\(name)")
      }
      #expect(app.processes(naming: "web.py").isEmpty)
      #expect(try await app.ps()["cache"]?.status == "running")
    }
  }

  @Test("what is typed beside a start: r restarts what it names, anything else explains, Ctrl-C ends")
  func keys() async throws {
    let manifest = """
      services:
        one: { command: 'echo "one begins"; exec sleep 600' }
        two: { command: 'echo "two begins"; exec sleep 600' }
      """
    try await withApp(manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let result = try await app.typing(
        [
          ("two begins", "hm\r"), ("r restarts all services", "r nobody\r"),
          ("not started: nobody", "r two\r"), ("two begins", "r\r"), ("two begins", "\u{3}"),
        ], "start")
      #expect(result.status == 130, "\(result)")
      #expect(result.stdout.components(separatedBy: "two begins").count >= 3, "\(result)")
      #expect(app.processes(naming: "sleep 600").isEmpty)
    }
  }

  @Test("kill -9 of the supervisor leaves nothing of the services, and start begins anew")
  func killedSupervisor() async throws {
    try await withServices { app in
      let start = try app.start(["start"])
      try await eventually("web is ready") { start.stdout.contains("web.2 ready") }
      start.send(SIGKILL)
      _ = try await start.result()
      try await eventually("every process has gone") { app.processes(naming: "web.py").isEmpty }
      try #require(try await app.drydock("start", "--detach").status == 0)
      #expect(try await services(app)["web"]?.replicas.count == 2)
      #expect(try await app.drydock("stop").status == 0)
    }
  }

  @Test("kill -9 of a supervisor in the background, ten times: another one takes over what runs")
  func succession() async throws {
    try await withServices { app in
      try #require(try await app.drydock("start", "--detach").status == 0)
      let before = try await services(app)
      let rounds = ProcessInfo.processInfo.environment["DRYDOCK_CHAOS_ROUNDS"].flatMap { Int($0) } ?? 10
      for _ in 0..<rounds {
        let supervisor = try #require(app.processes(naming: "--supervise").first)
        kill(supervisor, SIGKILL)
        try await eventually("its successor") {
          app.processes(naming: "--supervise").contains { $0 != supervisor }
        }
      }
      try await eventually("all is ready") {
        let now = try await services(app)
        return now.count == 3 && now.values.allSatisfy { $0.replicas.allSatisfy { $0.state == "ready" } }
      }
      let after = try await services(app)
      for (name, service) in before {
        #expect(after[name]?.replicas.map(\.id) == service.replicas.map(\.id), "\(name)")
      }
      let url = try #require(after["web"]?.url)
      #expect(try await ask(url, app)["SERVICE"] == "web")
      // What comes after a stop is what was stopped.
      #expect(try await app.drydock("stop", "web").status == 0)
      let last = try #require(app.processes(naming: "--supervise").first)
      kill(last, SIGKILL)
      #expect(try await app.drydock("stop").status == 0)
      try await eventually("nothing is left") {
        app.processes(naming: "web.py").isEmpty && app.processes(naming: "--supervise").isEmpty
      }
    }
  }

  @Test("an engine that dies while services run is brought up again; one that is stopped is not")
  func engineDies() async throws {
    let manifest = """
      resources:
        cache: { type: redis, options: { version: "7.0" } }
        other: { type: redis, options: { version: "7.0" } }
      services:
        worker: { command: sleep 600, resources: [cache, other] }
      """
    try await withServices(manifest) { app in
      let start = try app.start(["start"])
      try await eventually("worker is ready") { start.stdout.contains("worker.1 ready") }
      let before = try #require(try await app.ps()["cache"])
      #expect(try await app.drydock("down", "other").status == 0)
      kill(Int32(try #require(before.pid)), SIGKILL)
      try await eventually("it runs again") { start.stdout.contains("cache runs again") }
      let after = try #require(try await app.ps()["cache"])
      #expect(after.status == "running" && after.pid != before.pid && after.port == before.port)
      #expect(try await app.ps()["other"]?.status == "stopped")
      start.send(SIGINT)
      #expect(try await start.result().status == 130)
    }
  }

  @Test("a service that ends is started again and its end is told; --exit-on-failure ends with its status")
  func crash() async throws {
    let manifest = """
      services:
        once:
          command: [/bin/sh, -c, 'echo trying; exit 3']
      """
    try await withServices(manifest) { app in
      let start = try app.start(["start"])
      try await eventually("it is started again") {
        start.stdout.components(separatedBy: "once.1 ended: exit code 3").count > 2
      }
      start.send(SIGINT)
      let result = try await start.result()
      #expect(result.stdout.contains("once.1   | trying") || result.stdout.contains("| trying"))
      let last = try await app.drydock("start", "--exit-on-failure")
      #expect(last.status == 3)
      #expect(!last.stdout.contains("starts again"), "\(last)")
      // The last words are this life's, not those of earlier ones.
      #expect(last.stdout.components(separatedBy: "  trying").count == 2, "\(last)")
    }
  }

  @Test("a changed variable, a rule of drydock.yml and --watch restart the services concerned, and no other")
  func live() async throws {
    let manifest = """
      services:
        one: { command: 'echo "one says $WORD"; exec sleep 600', environment: [WORD=a] }
        two: { command: 'echo "two reads $(cat two.txt)"; exec sleep 600' }
      """
    try await withServices(manifest) { app in
      try app.write("first", to: "two.txt")
      try app.write("watch:\n  one: [{ \".\": off }]\n", to: "drydock.yml")
      let start = try app.start(["start", "--watch"])
      try await eventually("both run") {
        start.stdout.contains("one.1 ready") && start.stdout.contains("two.1 ready")
      }
      // Until it is heard: the watch begins beside the services.
      try await eventually("two is restarted") {
        try app.write("second", to: "two.txt")
        return start.stdout.contains("two reads second")
      }
      #expect(start.stdout.contains("restart two: two.txt changed"))
      #expect(try await app.drydock("env", "set", "WORD=b").status == 0)
      try await eventually("one is restarted") { start.stdout.contains("one says b") }
      #expect(start.stdout.contains("restart one: WORD changed"))
      start.send(SIGINT)
      let lines = try await start.result().stdout.split(separator: "\n").map(String.init)
      #expect(lines.filter { $0.contains("restart one") }.count == 1)
      #expect(!lines.contains { $0.contains("restart two: WORD") })
    }
  }

  @Test("stop of a service that does not run stops nothing; services that link each other come up")
  func names() async throws {
    let manifest = """
      services:
        one: { command: sleep 600, links: [two] }
        two: { command: sleep 600, links: [one] }
      """
    try await withServices(manifest) { app in
      try #require(try await app.drydock("start", "--detach").status == 0)
      let stop = try await app.drydock("stop", "tow")
      #expect(stop.status == 64)
      #expect(stop.stderr.contains("did you mean two"), "\(stop)")
      #expect(try await services(app).keys.sorted() == ["one", "two"])
      #expect(try await app.drydock("stop", "two").status == 0)
      #expect(try await services(app).keys.sorted() == ["one"])
      #expect(try await app.drydock("stop").status == 0)
    }
  }

  @Test("hooks run before services and after them; one that fails is told, also in the background")
  func hooks() async throws {
    let manifest = """
      services:
        web: { command: 'cat before; sleep 600' }
      """
    try await withServices(manifest) { app in
      let hooks =
        "hooks: { before-start: [{web: 'echo made > before'}], after-ready: [{web: 'echo warm > after'}] }\n"
      try app.write(hooks, to: "drydock.yml")
      try #require(try await app.drydock("start", "--detach").status == 0)
      try await eventually("the hook behind the start") { app.read("after") == "warm\n" }
      try await eventually("the service's line") {
        try await app.drydock("logs", "web").stdout.contains("made")
      }
      #expect(try await app.drydock("stop").status == 0)
      try app.write("hooks: { before-start: [{web: 'echo no reason; exit 4'}] }\n", to: "drydock.yml")
      let failed = try await app.drydock("start", "--detach")
      #expect(failed.status == 1)
      #expect(failed.stderr.contains("exit code 4"), "\(failed)")
      #expect(app.processes(naming: "sleep 600").isEmpty)
    }
  }

  @Test("what cannot run is refused before anything is started")
  func refusals() async throws {
    let manifest = """
      services:
        web:
          command: [no-such-program-of-ours, --fast]
      """
    try await withServices(manifest) { app in
      let missing = try await app.drydock("start")
      #expect(missing.status == 69)
      #expect(missing.stderr.contains("no-such-program-of-ours: not on this machine"), "\(missing)")
      let unknown = try await app.drydock("start", "wbe")
      #expect(unknown.status == 64)
      #expect(unknown.stderr.contains("did you mean web"), "\(unknown)")
      let plan = try await app.drydock("start", "--dry-run")
      #expect(plan.stdout.contains("not on this machine"))
      #expect(try await app.drydock("restart").status == 1)
    }
  }
}
