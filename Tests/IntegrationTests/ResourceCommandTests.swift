import DrydockTestSupport
import Foundation
import Testing

/// `resources`: what users of convox type, with the output that they know.
@Suite struct ResourceCommandTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      cache: { type: redis, options: { version: "7.0", encrypted: true } }
      mem: { type: memcached }
      files: { type: efs }
      other: { type: memcached }
    """

  /// The Rack API's model.
  private struct Shown: Decodable {
    var name: String
    var type: String
    var status: String
    var url: String?
    var parameters: [String: String]
    var apps: [String]
  }

  @Test(
    "Resources are listed, shown and reached through the proxy as convox has it",
    arguments: await EngineAvailability.runtimes())
  func everything(_ runtime: String) async throws {
    try await withApp(Self.manifest, AppOptions(runtime: runtime)) { app in
      let early = try await app.drydock("resources")
      #expect(early.stdout.hasPrefix("NAME   TYPE       URL\nmydb   postgres   \n"), "\(early)")
      #expect(early.status == 0 && early.stderr.contains("drydock up"), "\(early)")
      try await app.up()
      let urls = try await app.variables()
      let mem = try #require(urls["MEM_URL"])
      _ = try await app.drydock("env", "set", "OTHER_URL=\(mem)")
      try await listed(app, urls, mem)
      try await shown(app, urls, mem)
      try await refused(app)
      try await databaseProxy(app, try #require(urls["MYDB_URL"]))
      try await redisProxy(app, try #require(urls["CACHE_URL"]))
      for name in ["mem", "other"] { try await memcachedProxy(app, name, mem) }
    }
  }

  private func listed(_ app: AppFixture, _ urls: [String: String], _ mem: String) async throws {
    let list = try await app.drydock("resources")
    #expect(
      list.stdout == """
        NAME   TYPE       URL
        mydb   postgres   \(urls["MYDB_URL"] ?? "")
        cache  redis      \(urls["CACHE_URL"] ?? "")
        mem    memcached  \(mem)
        files  efs        \("")
        other  memcached  \(mem)

        """, "\(list)")
    let page: [Shown] = try await app.drydock("resources", "list", "--format", "json").decode()
    #expect(page.map(\.name) == ["mydb", "cache", "mem", "files", "other"])
    #expect(page.map(\.status) == ["running", "running", "running", "running", "external"])
    #expect(page[0].parameters["version"] == "15" && page[0].apps.isEmpty && page[3].url == nil)
  }

  private func shown(_ app: AppFixture, _ urls: [String: String], _ mem: String) async throws {
    let info = try await app.drydock("resources", "info", "mydb")
    #expect(info.stdout == "Name  mydb\nType  postgres\nURL   \(urls["MYDB_URL"] ?? "")\n", "\(info)")
    #expect(try await app.drydock("resources", "info", "files").stdout == "Name  files\nType  efs\n")
    let exports = try await app.drydock("resources", "info", "mem", "--exports")
    #expect(exports.stdout == "Name    mem\nStatus  running\nExports\n  URL: \(mem)\n", "\(exports)")
    #expect(try await app.drydock("resources", "url", "mem").stdout == "\(mem)\n")
    let page: Shown = try await app.drydock("resources", "info", "cache", "--format", "json").decode()
    #expect(page.url == urls["CACHE_URL"] && page.status == "running")
  }

  private func refused(_ app: AppFixture) async throws {
    for (words, message) in [
      (["info", "nope"], "no such resource: nope"), (["url", "nope"], "no such resource: nope"),
      (["proxy", "nope"], "no such resource: nope"), (["url", "files"], "no url for resource: files"),
      (["proxy", "files"], "no url for resource: files"),
      (["list", "--app", "nope"], "no app is called nope"),
      (["proxy", "mydb", "--tls"], "mydb negotiates TLS in the protocol of postgres, so that --tls cannot"),
    ] {
      let result = try await app.start(["resources"] + words).result()
      #expect(result.status == 1 && result.stdout.isEmpty, "\(result)")
      #expect(result.stderr.hasPrefix("ERROR: \(message)\n"), "\(result)")
    }
  }

  /// Runs a proxy while `body` uses its port, and ends it as Ctrl-C does.
  private func withProxy(
    _ app: AppFixture, _ arguments: [String], to address: String, connections: Int,
    _ body: (Int) async throws -> Void
  ) async throws {
    let proxy = try app.start(["resources", "proxy", "-p", "0"] + arguments)
    try await eventually("the proxy of \(arguments)") { proxy.stdout.contains("\n") }
    let words = proxy.stdout.split(separator: " ")
    let port = try #require(words.count > 1 ? Int(words[1].dropFirst("localhost:".count)) : nil)
    let result: Result<Void, any Error>
    do { result = .success(try await body(port)) } catch { result = .failure(error) }
    proxy.send(SIGINT)
    let end = try await proxy.result()
    try result.get()
    let lines =
      ["proxying localhost:\(port) to \(address)"]
      + Array(repeating: "connect: \(port)", count: connections)
    #expect(end.stdout == lines.joined(separator: "\n") + "\n" && end.status == 130, "\(end)")
  }

  private func databaseProxy(_ app: AppFixture, _ url: String) async throws {
    let parts = try #require(URLComponents(string: url))
    let port = try #require(parts.port)
    try await withProxy(app, ["mydb"], to: "127.0.0.1:\(port)", connections: 2) { proxied in
      var through = parts
      through.port = proxied
      let here = try #require(through.string)
      try await app.query(
        "create table t as select repeat('x', 1000) as v from generate_series(1, 5000)", at: here)
      #expect(try await app.query("select v from t", at: here).utf8.count == 5000 * 1001 - 1)
    }
    let taken = try await app.drydock("resources", "proxy", "mydb", "-p", "\(port)")
    #expect(taken.status == 1, "\(taken)")
    #expect(taken.stderr.hasPrefix("ERROR: port \(port) of 127.0.0.1 is taken by the resource itself\n"))
  }

  private func redisProxy(_ app: AppFixture, _ url: String) async throws {
    let parts = try #require(URLComponents(string: url))
    let address = "127.0.0.1:\(try #require(parts.port))"
    let login = ["REDISCLI_AUTH": try #require(parts.password)]
    try await withProxy(app, ["cache", "--tls"], to: address, connections: 1) { proxied in
      let plain = try await app.program("redis-cli", "-p", "\(proxied)", "ping", environment: login)
      #expect(plain.stdout == "PONG\n", "\(plain)")
    }
    // Without --tls, clients speak it themselves, and the certificate holds for the proxy too.
    let authority = try await app.drydock("ca").stdout.trimmingCharacters(in: .newlines)
    try await withProxy(app, ["cache"], to: address, connections: 1) { proxied in
      let own = try await app.program(
        "redis-cli", "-h", "localhost", "-p", "\(proxied)", "--tls", "--cacert", authority, "ping",
        environment: login)
      #expect(own.stdout == "PONG\n", "\(own)")
    }
  }

  private func memcachedProxy(_ app: AppFixture, _ name: String, _ address: String) async throws {
    try await withProxy(app, [name], to: address, connections: 1) { port in
      let script = "exec 3<>/dev/tcp/127.0.0.1/\(port); printf 'version\\r\\nquit\\r\\n' >&3; cat <&3"
      let answer = try await app.program("bash", "-c", script)
      #expect(answer.stdout.hasPrefix("VERSION "), "\(answer)")
    }
  }

  @Test("A connection that is open at Ctrl-C is let end; a second Ctrl-C ends at once", .nativeEngines)
  func interrupted() async throws {
    try await withApp("resources:\n  mem: { type: memcached }\n", AppOptions(runtime: "native")) { app in
      try await app.up()
      for times in 1...2 {
        let proxy = try app.start(["resources", "proxy", "mem", "-p", "0"])
        try await eventually("the proxy") { proxy.stdout.contains("\n") }
        let port = try #require(Int(proxy.stdout.split(separator: " ")[1].dropFirst("localhost:".count)))
        let script = """
          exec 3<>/dev/tcp/127.0.0.1/\(port); printf 'version\\r\\n' >&3; read -r a <&3; echo "$a"
          until [ -e go ]; do sleep 0.02; done; printf 'version\\r\\nquit\\r\\n' >&3; cat <&3
          """
        let client = try app.start(["bash", "-c", script], tool: true)
        try await eventually("the first answer") { client.stdout.contains("VERSION") }
        proxy.send(SIGINT)
        try await eventually("its note") { proxy.stderr.contains("still connected") }
        if times == 2 { proxy.send(SIGINT) } else { try app.write("", to: "go") }
        let end = try await proxy.result()
        #expect(end.status == 130, "\(end)")
        try app.write("", to: "go")
        let answers = try await client.result().stdout.split(separator: "\r\n").count
        #expect(answers == (times == 1 ? 2 : 1))
        try FileManager.default.removeItem(at: app.folder.appending(path: "go"))
      }
    }
  }

  @Test("A manifest that is not valid is told, and what was deployed is listed", .nativeEngines)
  func invalidManifest() async throws {
    try await withApp("resources:\n  mem: { type: memcached }\n", AppOptions(runtime: "native")) { app in
      try await app.up()
      let before = try await app.drydock("resources")
      try app.write(manifest: "resources: [\n")
      let after = try await app.drydock("resources")
      #expect(after.stdout == before.stdout && after.status == 0, "\(after)")
      #expect(after.stderr.hasPrefix("WARNING: convox.yml:"), "\(after)")
      let elsewhere = app.inFolder(app.root)
      #expect(try await elsewhere.drydock("resources", "--app", "app").stdout == before.stdout)
      let lost = try await elsewhere.drydock("resources")
      #expect(lost.status == 1 && lost.stderr.hasPrefix("ERROR: no convox.yml in "), "\(lost)")
      let unknown = try await elsewhere.drydock("resources", "url", "mem")
      #expect(unknown.status == 1 && unknown.stderr.hasPrefix("ERROR: no such resource: mem\n"), "\(unknown)")
    }
  }
}
