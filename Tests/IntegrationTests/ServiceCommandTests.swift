import DrydockTestSupport
import Foundation
import Testing

/// The commands beside `start` that need no engine of their own.
@Suite("Commands about services") struct ServiceCommandTests {
  private static let manifest = """
    services:
      web: { command: sleep 600 }
    timers:
      tally: { service: web, schedule: "0 3 * * ? *", command: 'echo counted; echo "by $SERVICE" >&2; exit 3' }
      slow: { service: web, schedule: "0 3 * * ? *", command: 'echo runs; sleep 600' }
    """

  private func withServices(_ body: @Sendable (AppFixture) async throws -> Void) async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false), body)
  }

  @Test(
    "timers run: output on its streams, the exit code, kept in the log; twice at once, and Ctrl-C ends it")
  func timers() async throws {
    try await withServices { app in
      let run = try await app.drydock("timers", "run", "tally")
      #expect(run.status == 3)
      #expect(run.stdout == "counted\n", "\(run)")
      #expect(run.stderr.contains("by web\n") && run.stderr.contains("exit code 3"), "\(run)")
      let log = try await app.drydock("logs", "--timers")
      #expect(log.stdout.contains("counted"), "\(log)")
      #expect(try await app.drydock("logs", "--services").stdout.isEmpty)
      let both = [try app.start(["timers", "run", "slow"]), try app.start(["timers", "run", "slow"])]
      for one in both { try await eventually("it runs") { one.stdout.contains("runs") } }
      for one in both { one.send(SIGINT) }
      for one in both { #expect(try await one.result().status == 130) }
      #expect(app.processes(naming: "sleep 600").isEmpty)
      let unknown = try await app.drydock("timers", "run", "taly")
      #expect(unknown.status == 64 && unknown.stderr.contains("did you mean tally"), "\(unknown)")
    }
  }

  @Test("what is wrong is said with the names that there are, and with what to do")
  func hints() async throws {
    try await withServices { app in
      for words in [["restart"], ["scale", "web=2"], ["open"], ["exec", "web", "true"]] {
        let early = try await app.start(words).result()
        #expect(early.status == 1 && early.stderr.contains("drydock start"), "\(early)")
      }
      #expect(try await app.drydock("ps").stderr.contains("drydock start"))
      try #require(try await app.drydock("start", "--detach", "--aws-limits").status == 0)
      for words in [["scale", "wbe=2"], ["restart", "wbe"]] {
        let wrong = try await app.start(words).result()
        #expect(wrong.status == 64 && wrong.stderr.contains("did you mean web"), "\(wrong)")
      }
      #expect(try await app.drydock("stop").status == 0)
    }
  }

  @Test("without a command a process runs its Dockerfile's; ps names apps, and both addresses of https")
  func dockerfile() async throws {
    let manifest = "services:\n  web: { build: ., port: 3000, scale: 2 }\n"
    try await withApp(manifest, AppOptions(runtime: "native", name: "shop", isHeavy: false)) { app in
      try app.write(
        "FROM python:3\nENTRYPOINT [\"python3\", \"-m\"]\nCMD [\"http.server\", \"3000\"]\n", to: "Dockerfile"
      )
      let plan = try await app.drydock("start", "--dry-run", "--runtime", "native", "--services", "process")
      #expect(plan.stdout.contains("python3 -m http.server 3000"), "\(plan)")
      let start = try await app.drydock("start", "--detach", "--https", "--services", "process")
      try #require(start.status == 0, "\(start)")
      let table = try await app.drydock("ps", "--all", "--services").stdout
      #expect(table.hasPrefix("APP ") && table.contains("shop  web.1 "), "\(table)")
      #expect(table.contains(/https:\/\/127\.0\.0\.1:\d+, from http:\/\/127\.0\.0\.1:\d+/), "\(table)")
      struct Service: Decodable {
        var app: String?
        var url: String
        var plainURL: String
      }
      let services: [Service] = try await app.drydock("ps", "--services", "--format", "json").decode()
      let service = try #require(services.first)
      #expect(service.app == nil)
      // The one sends to the other.
      let program = """
        import sys, urllib.request as r, ssl
        class Stop(r.HTTPRedirectHandler):
            def redirect_request(self, *words): return None
        try: r.build_opener(Stop).open(sys.argv[1])
        except Exception as error: print(error.code, error.headers["Location"])
        """
      let redirect = try await app.program("python3", "-c", program, service.plainURL)
      #expect(redirect.stdout.hasPrefix("301 https://127.0.0.1:"), "\(redirect)")
      #expect(try await app.drydock("stop").status == 0)
    }
  }

  @Test(
    "restart of a resource leaves its data, its port and the services",
    .enabled(if: InstalledEngines.redis != nil))
  func resource() async throws {
    let manifest = """
      resources:
        cache: { type: redis, options: { version: "7.0" } }
      services:
        web: { command: sleep 600, resources: [cache] }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try #require(try await app.drydock("start", "--detach").status == 0)
      let before = try #require(try await app.ps()["cache"])
      try await app.redis("SET", "kept", "yes", port: try #require(before.port))
      let service = try await app.drydock("ps", "--services", "--format", "json").stdout
      let restart = try await app.drydock("restart", "cache")
      #expect(restart.status == 0 && restart.stderr.contains("cache restarted"), "\(restart)")
      let after = try #require(try await app.ps()["cache"])
      #expect(after.status == "running" && after.pid != before.pid && after.port == before.port)
      #expect(try await app.redis("GET", "kept", port: try #require(after.port)) == "yes")
      #expect(try await app.drydock("ps", "--services", "--format", "json").stdout == service)
      let stop = try await app.drydock("stop", "cache")
      #expect(stop.status == 64 && stop.stderr.contains("drydock down cache"), "\(stop)")
      #expect(try await app.drydock("stop").stderr.contains("drydock down"))
    }
  }
}
