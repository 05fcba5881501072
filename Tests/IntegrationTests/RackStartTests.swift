import DrydockTestSupport
import Foundation
import Testing

/// What `convox start` and `convox deploy` call, in their order, with services that run.
@Suite("Services over the rack") struct RackStartTests {
  private struct Named: Decodable {
    var id: String
    var status: String?
    var release: String?
    var build: String?
  }

  private struct App: Decodable {
    var name: String
    var status: String
    var release: String
  }

  private struct Object: Decodable {
    var url: String
    enum CodingKeys: String, CodingKey { case url = "Url" }
  }

  private struct Service: Decodable {
    struct Replica: Decodable {
      var state: String
      var id: String?
    }
    var service: String
    var url: String?
    var replicas: [Replica]
  }

  private static let manifest = """
    services:
      web:
        command: [/usr/bin/python3, web.py]
        port: 3000
        environment: [GREETING=hello]
      worker:
        command: while true; do sleep 1; done
    """

  private static let program = """
    import http.server, os
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = (os.environ["GREETING"] + " from " + os.getcwd()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *words): pass
    http.server.ThreadingHTTPServer(("0.0.0.0", 3000), Handler).serve_forever()
    """

  private func withServices(_ body: @escaping @Sendable (AppFixture, RackClient) async throws -> Void)
    async throws
  {
    try await withApp(Self.manifest, AppOptions(runtime: "native", name: "shop")) { app in
      try app.write(Self.program, to: "web.py")
      try await withRackClient(app) { rack in
        try await body(app, rack)
        _ = try await app.drydock("stop", "--app", "made")
      }
    }
  }

  private func archive(_ app: AppFixture) async throws -> [UInt8] {
    let packed = app.root.appending(path: "source.tgz").path(percentEncoded: false)
    let result = try await app.program("tar", "--exclude=./.drydock", "-czf", packed, ".")
    try #require(result.status == 0, "\(result)")
    return Array(try Data(contentsOf: URL(filePath: packed)))
  }

  /// Upload, build, its log, and the build when it is over.
  private func build(_ app: AppFixture, _ name: String, _ rack: RackClient) async throws -> Named {
    let object: Object = try await rack.get("POST", "/apps/\(name)/objects/", upload: try await archive(app))
    let begun: Named = try await rack.get(
      "POST", "/apps/\(name)/builds", form: [("development", "true"), ("url", object.url)])
    let log = try await rack.stream("/apps/\(name)/builds/\(begun.id)/logs")
    let build: Named = try await rack.get("GET", "/apps/\(name)/builds/\(begun.id)")
    try #require(build.status == "complete", "\(log)")
    return build
  }

  private func promote(
    _ release: String?, _ name: String, _ rack: RackClient, _ form: [(String, String)] = []
  ) async throws {
    let path = "/apps/\(name)/releases/\(release ?? "")/promote"
    let response = try await rack.ask("POST", path, form: form)
    try #require(response.text == "ok\n", "\(response)")
  }

  private static let development = [
    ("development", "true"), ("force", "true"), ("idle", "false"), ("min", "0"), ("timeout", "300"),
  ]
  private static let end = [("development", "false"), ("force", "true")]

  private func services(_ app: AppFixture, _ name: String) async throws -> [String: Service] {
    let result = try await app.drydock("ps", "--services", "--app", name, "--format", "json")
    guard result.status == 0 else { return [:] }
    let rows: [Service] = try result.decode()
    return Dictionary(rows.map { ($0.service, $0) }) { first, _ in first }
  }

  private func settled(_ name: String, _ rack: RackClient) async throws {
    try await eventually("the app runs") {
      let app: App = try await rack.get("GET", "/apps/\(name)")
      return app.status == "running"
    }
  }

  private func answer(_ app: AppFixture, _ name: String) async throws -> String {
    let url = try #require(try await services(app, name)["web"]?.url)
    let program = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=30).read().decode())"
    let result = try await app.program("/usr/bin/python3", "-c", program, url)
    try #require(result.status == 0, "\(result)")
    return result.stdout
  }

  @Test("start: the folder's app is built, run, and stopped at the tool's end")
  func start() async throws {
    try await withServices { app, rack in
      try await app.up()
      let build = try await build(app, "shop", rack)
      try await promote(build.release, "shop", rack, Self.development)
      try await settled("shop", rack)
      #expect(
        try await answer(app, "shop").hasPrefix(
          "hello from \(app.folder.path(percentEncoded: false).dropLast())"))
      let now: App = try await rack.get("GET", "/apps/shop")
      #expect(now.release == build.release)
      try await promote(now.release, "shop", rack, Self.end)
      #expect(try await services(app, "shop").isEmpty)
      #expect(app.processes(naming: "web.py").isEmpty)
    }
  }

  @Test("what drydock start or a deploy runs goes on when convox start ends")
  func goesOn() async throws {
    try await withServices { app, rack in
      try #require(try await app.drydock("start", "--detach", "web").status == 0)
      let first = try await build(app, "shop", rack)
      try await promote(first.release, "shop", rack, Self.development)
      try await settled("shop", rack)
      let during = try await services(app, "shop")
      #expect(during.keys.sorted() == ["web", "worker"])
      try await promote(first.release, "shop", rack, Self.end)
      let after = try await services(app, "shop")
      #expect(after.keys.sorted() == ["web"])
      // The folder's code with the same env: it was not restarted.
      #expect(after["web"]?.replicas.map(\.id) == during["web"]?.replicas.map(\.id))
      // Deployed: it stays.
      let second = try await build(app, "shop", rack)
      try await promote(second.release, "shop", rack)
      try await settled("shop", rack)
      try await promote(second.release, "shop", rack, Self.end)
      #expect(try await services(app, "shop").keys.sorted() == ["web", "worker"])
      #expect(try await app.drydock("stop").status == 0)
      // A change of the env alone starts nothing that was stopped.
      let change: Named = try await rack.get("POST", "/apps/shop/releases", form: [("env", "GREETING=hi")])
      try await promote(change.id, "shop", rack)
      #expect(try await services(app, "shop").isEmpty)
    }
  }

  @Test("deploy, env and rollback of an app that lives from uploads")
  func uploaded() async throws {
    try await withServices { app, rack in
      let made: App = try await rack.get("POST", "/apps", form: [("generation", "2"), ("name", "made")])
      #expect(made.status == "running")
      let first = try await build(app, "made", rack)
      try await promote(first.release, "made", rack)
      try await settled("made", rack)
      let greeting = try await answer(app, "made")
      #expect(greeting.hasPrefix("hello from ") && greeting.contains("/apps/made"), "\(greeting)")
      let change: Named = try await rack.get("POST", "/apps/made/releases", form: [("env", "GREETING=hi")])
      #expect(change.build == first.id)
      try await promote(change.id, "made", rack)
      try await settled("made", rack)
      #expect(try await answer(app, "made").hasPrefix("hi from "))
      // Another program, and back again.
      try app.write(Self.program.replacingOccurrences(of: "\" from \"", with: "\" now from \""), to: "web.py")
      let second = try await build(app, "made", rack)
      try await promote(second.release, "made", rack)
      try await settled("made", rack)
      #expect(try await answer(app, "made").hasPrefix("hi now from "))
      let back: Named = try await rack.get(
        "POST", "/apps/made/releases", form: [("build", first.id), ("env", "GREETING=again")])
      try await promote(back.id, "made", rack)
      try await settled("made", rack)
      #expect(try await answer(app, "made").hasPrefix("again from "))
      #expect(try await rack.ask("DELETE", "/apps/made").status == 200)
      #expect(app.processes(naming: "web.py").isEmpty)
    }
  }

  @Test("an uploaded app that is deployed goes on with its release when convox start ends")
  func deployedGoesOn() async throws {
    try await withServices { app, rack in
      let _: App = try await rack.get("POST", "/apps", form: [("generation", "2"), ("name", "made")])
      let first = try await build(app, "made", rack)
      try await promote(first.release, "made", rack)
      try await settled("made", rack)
      // Another program, without the worker and with a service more.
      try app.write(Self.program.replacingOccurrences(of: "\" from \"", with: "\" now from \""), to: "web.py")
      try app.write(manifest: Self.manifest.replacingOccurrences(of: "worker:", with: "other:"))
      for _ in 0..<2 {
        let second = try await build(app, "made", rack)
        try await promote(second.release, "made", rack, Self.development)
        try await settled("made", rack)
        #expect(try await answer(app, "made").hasPrefix("hello now from "))
        #expect(try await services(app, "made").keys.sorted() == ["other", "web"])
      }
      let started: App = try await rack.get("GET", "/apps/made")
      try await promote(started.release, "made", rack, Self.end)
      try await settled("made", rack)
      let now: App = try await rack.get("GET", "/apps/made")
      #expect(now.release == first.release)
      #expect(try await answer(app, "made").hasPrefix("hello from "))
      #expect(try await services(app, "made").keys.sorted() == ["web", "worker"])
      // What somebody stops meanwhile is not started again, and the app is what was deployed all the same.
      let third = try await build(app, "made", rack)
      try await promote(third.release, "made", rack, Self.development)
      try await settled("made", rack)
      let change: Named = try await rack.get("POST", "/apps/made/releases", form: [("env", "GREETING=hi")])
      #expect(change.build == third.id)
      #expect(try await app.drydock("stop", "--app", "made").status == 0)
      try await promote(third.release, "made", rack, Self.end)
      #expect(try await services(app, "made").isEmpty)
      let stopped: App = try await rack.get("GET", "/apps/made")
      #expect(stopped.release == first.release)
      let code = try String(contentsOf: app.home.appending(path: "apps/made/web.py"), encoding: .utf8)
      #expect(code == Self.program)
      #expect(try await rack.ask("DELETE", "/apps/made").status == 200)
    }
  }

  @Test("a service that somebody stopped stays so, whatever is taken back or changes the env")
  func stoppedStays() async throws {
    try await withServices { app, rack in
      try #require(try await app.drydock("start", "--detach", "web").status == 0)
      let change: Named = try await rack.get("POST", "/apps/shop/releases", form: [("env", "GREETING=hi")])
      try await promote(change.id, "shop", rack)
      try await settled("shop", rack)
      #expect(try await answer(app, "shop").hasPrefix("hi from "))
      #expect(try await services(app, "shop").keys.sorted() == ["web"])
      // It listens only once it may.
      try app.write(
        "import os, time\nwhile not os.path.exists(\"go\"): time.sleep(0.05)\n" + Self.program, to: "web.py")
      let build = try await build(app, "shop", rack)
      try await promote(build.release, "shop", rack)
      #expect(try await services(app, "shop").keys.sorted() == ["web", "worker"])
      #expect(try await rack.ask("POST", "/apps/shop/cancel").text == "ok\n")
      try app.write("", to: "go")
      try await settled("shop", rack)
      #expect(try await services(app, "shop").keys.sorted() == ["web"])
    }
  }

  @Test("promotions at once: unforced ones are refused, forced ones wait for their turn")
  func atOnce() async throws {
    try await withServices { app, rack in
      try await app.up()
      let build = try await build(app, "shop", rack)
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<3 {
          group.addTask {
            try await rack.ask(
              "POST", "/apps/shop/releases/\(build.release ?? "")/promote", form: Self.development
            )
            .status
          }
        }
        return try await group.reduce(into: [Int]()) { $0.append($1) }
      }
      #expect(statuses == [200, 200, 200])
      try await settled("shop", rack)
      #expect(try await answer(app, "shop").hasPrefix("hello from "))
      try await promote(build.release, "shop", rack, Self.end)
      #expect(app.processes(naming: "web.py").isEmpty)
    }
  }

  @Test("while services come up: updating, unforced promotions refused, cancelled on request")
  func updating() async throws {
    try await withServices { app, rack in
      try await app.up()
      // It listens only once it may.
      try app.write(
        "import os, time\nwhile not os.path.exists(\"go\"): time.sleep(0.05)\n" + Self.program,
        to: "web.py")
      let build = try await build(app, "shop", rack)
      try await promote(build.release, "shop", rack)
      let now: App = try await rack.get("GET", "/apps/shop")
      #expect(now.status == "updating" && now.release == build.release)
      let refused = try await rack.ask("POST", "/apps/shop/releases/\(build.release ?? "")/promote")
      #expect(refused.status == 403 && refused.text == "app is currently updating\n")
      #expect(try await rack.ask("POST", "/apps/shop/cancel").text == "ok\n")
      try await settled("shop", rack)
      // There was none before, so nothing runs.
      let later: App = try await rack.get("GET", "/apps/shop")
      #expect(later.release == "")
      #expect(try await services(app, "shop").isEmpty)
      #expect(app.processes(naming: "web.py").isEmpty)
      let again = try await rack.ask("POST", "/apps/shop/cancel")
      #expect(again.status == 403 && again.text == "app is not updating\n")
      try app.write("", to: "go")
      try await promote(build.release, "shop", rack)
      try await settled("shop", rack)
      #expect(try await answer(app, "shop").hasPrefix("hello from "))
    }
  }

  @Test("a deploy that is cancelled while its services come up is taken back, code and env")
  func cancelled() async throws {
    try await withServices { app, rack in
      let _: App = try await rack.get("POST", "/apps", form: [("generation", "2"), ("name", "made")])
      let first = try await build(app, "made", rack)
      try await promote(first.release, "made", rack)
      try await settled("made", rack)
      // This one never listens.
      try app.write("import time\ntime.sleep(1000)\n", to: "web.py")
      let second = try await build(app, "made", rack)
      let next: Named = try await rack.get(
        "POST", "/apps/made/releases", form: [("build", second.id), ("env", "GREETING=hi")])
      try await promote(next.id, "made", rack)
      let coming: App = try await rack.get("GET", "/apps/made")
      #expect(coming.status == "updating" && coming.release == next.id)
      #expect(try await rack.ask("POST", "/apps/made/cancel").text == "ok\n")
      try await settled("made", rack)
      let back: App = try await rack.get("GET", "/apps/made")
      #expect(back.release == first.release)
      #expect(try await answer(app, "made").hasPrefix("hello from "))
      #expect(try await services(app, "made").keys.sorted() == ["web", "worker"])
      #expect(try await rack.ask("DELETE", "/apps/made").status == 200)
    }
  }

  @Test("a deploy that fails leaves code, env and services as they were")
  func failed() async throws {
    try await withServices { app, rack in
      let _: App = try await rack.get(
        "POST", "/apps", form: [("generation", "2"), ("name", "made")])
      let first = try await build(app, "made", rack)
      try await promote(first.release, "made", rack)
      try await settled("made", rack)
      try app.write(
        manifest: Self.manifest.replacingOccurrences(of: "GREETING=hello", with: "GREETING=x, MUST")
      )
      try app.write("print(1)\n", to: "web.py")
      let second = try await build(app, "made", rack)
      let refused = try await rack.ask(
        "POST", "/apps/made/releases/\(second.release ?? "")/promote")
      #expect(refused.status == 400 && refused.text.contains("required env: MUST"))
      let now: App = try await rack.get("GET", "/apps/made")
      #expect(now.release == first.release)
      #expect(try await answer(app, "made").hasPrefix("hello from "))
      let code = try String(
        contentsOf: app.home.appending(path: "apps/made/web.py"), encoding: .utf8)
      #expect(code == Self.program)
      #expect(try await rack.ask("DELETE", "/apps/made").status == 200)
    }
  }
}
