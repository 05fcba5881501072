import DrydockTestSupport
import Emulator
import Foundation
import Testing

@testable import AppState
@testable import LocalServer
@testable import RackAPI

@Suite struct RouteTests {
  private struct App: Decodable, Hashable {
    var name: String
    var generation: String
    var locked: Bool
    var release: String
    var router: String
    var status: String
    var parameters: [String: String]
  }

  private struct Change: Decodable, Hashable {
    var id: String
    var app: String
    var build: String
    var env: String
    var manifest: String
    var description: String
    var created: String
  }

  private func release(_ env: String, of app: String, _ port: Int) async throws -> Change {
    try await exchange("POST", "/apps/\(app)/releases", port: port, form: [("env", env)]).decode()
  }

  @Test func `the system is one of today's, by its version's text`() async throws {
    struct System: Decodable {
      var provider: String
      var version: String
      var status: String
      var outputs: [String: String]
    }
    try await withRack { port, _ in
      let system: System = try await exchange("GET", "/system", port: port).decode()
      #expect(system.provider == "local")
      #expect(system.version > "20190111211123")
      #expect(system.status == "running")
      let racks = try await exchange("GET", "/racks", port: port)
      #expect(racks.text.hasPrefix("["))
    }
  }

  @Test func `a rack without consoles says so in the stream`() async throws {
    try await withRack(hasConsoles: false) { port, _ in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/apps/web/resources/db/console", port: port))
        #expect(try await wire.response()?.status == 101)
        #expect(try await wire.frame()?.text.contains("--no-console") == true)
      }
    }
  }

  @Test func `apps are made, shown and deleted`() async throws {
    try await withRack { port, _ in
      #expect(try await exchange("GET", "/apps", port: port).text == "[]\n")
      let form = [("generation", "2"), ("name", "web")]
      let made: App = try await exchange("POST", "/apps", port: port, form: form).decode()
      let expected = App(
        name: "web", generation: "2", locked: false, release: "", router: "", status: "running",
        parameters: ["AutoMinorVersionUpgrade": "true", "ResourcePassword": ""])
      #expect(made == expected)
      #expect(try await exchange("GET", "/apps", port: port).decode([App].self) == [expected])
      #expect(try await exchange("GET", "/apps/web", port: port).decode(App.self) == expected)
      #expect(try await exchange("GET", "/apps/web/resources", port: port).text == "[]\n")
      let again = try await exchange("POST", "/apps", port: port, form: form)
      #expect(again.status == 400)
      #expect(try errorText(again) == "app already exists: web")
      #expect(try await exchange("DELETE", "/apps/web", port: port).status == 200)
      #expect(try errorText(try await exchange("GET", "/apps/web", port: port)) == "no such app: web")
    }
  }

  @Test(arguments: ["", "Web", "1web", "-web", "web_1", "wéb", "a/b", String(repeating: "x", count: 41)])
  func `a name that no app may have is refused`(_ name: String) async throws {
    try await withRack { port, context in
      let response = try await exchange("POST", "/apps", port: port, form: [("name", name)])
      #expect(response.status == 400)
      _ = try errorText(response)
      #expect(context.store.all().isEmpty)
    }
  }

  @Test(arguments: [
    ("GET", "/apps/x", "no such app: x"), ("DELETE", "/apps/x", "no such app: x"),
    ("GET", "/apps/x/releases", "no such app: x"), ("GET", "/apps/x/resources", "no such app: x"),
    ("POST", "/apps/x/releases", "no such app: x"), ("POST", "/apps/x/releases/R1/promote", "no such app: x"),
    ("GET", "/apps/web/releases/RABCDEFGHIJ", "no such release: RABCDEFGHIJ"),
    ("POST", "/apps/web/releases/RABCDEFGHIJ/promote", "no such release: RABCDEFGHIJ"),
    ("GET", "/apps/web/resources/db", "no such resource: db"),
    ("GET", "/apps/web/builds/B1", "no such build: B1"), ("POST", "/apps/web/builds", "no such object: "),
    ("POST", "/apps/x/builds", "no such app: x"), ("GET", "/apps/web/objects/a/b", "no such object: a/b"),
    ("GET", "/apps/x/builds", "no such app: x"), ("POST", "/apps/x/cancel", "no such app: x"),
    ("HEAD", "/apps/web/objects/a/b", ""),
    ("PUT", "/system", "/system takes GET only"), ("GET", "/nope", "this rack has no GET /nope"),
  ])
  func `what is not there is told`(_ method: String, _ path: String, _ text: String) async throws {
    try await withRack { port, _ in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let request = head(method, path, port: port)
      let response = try await Wire.connect(port: port) { wire in
        try await wire.send(request)
        // A HEAD has no body, whatever length it states.
        if method == "HEAD" {
          return WireResponse(status: Int(try await wire.line()?.split(separator: " ")[1] ?? "") ?? 0)
        }
        return try #require(try await wire.response())
      }
      #expect(response.status == (path == "/system" ? 405 : 404))
      if method != "HEAD" { #expect(try errorText(response) == text) }
    }
  }

  /// Without its empty part the path was another one: all apps, all resources, a process of the name `files`.
  @Test(arguments: [
    ("POST", "/apps/web/processes//files?", "processes"),
    ("GET", "/apps/web/processes//files?file=/x", "processes"),
    ("DELETE", "/apps/web/processes//files?files=/x", "processes"),
    ("DELETE", "/apps/web/processes/?", "processes"),
    ("GET", "/apps/?", "apps"), ("DELETE", "/apps/", "apps"), ("GET", "/apps//releases?limit=1", "apps"),
    ("GET", "/apps/web/releases/?", "releases"), ("POST", "/apps/web/releases//promote", "releases"),
    ("GET", "/apps/web/builds/", "builds"), ("GET", "/apps/web/resources/?", "resources"),
    ("GET", "/apps/web/resources//data", "resources"), ("GET", "/resources/?", "resources"),
    ("DELETE", "/resources/", "resources"), ("PUT", "/apps/web/services/", "services"),
  ])
  func `an empty name means nothing`(_ method: String, _ path: String, _ kind: String) async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let response = try await exchange(method, path, port: port)
      #expect(response.status == 400)
      #expect(try errorText(response) == "a name is empty: say which of the \(kind) is meant")
      #expect(context.store.all().count == 1)
    }
  }

  @Test func `a change of the env is a release, and counts once it is promoted`() async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      #expect(try await exchange("GET", "/apps/web/releases?limit=1", port: port).text == "[]\n")
      let manifest = "\(context.store.apps()[0].path)/convox.yml"
      try Data("resources: {}\n".utf8).write(to: URL(filePath: manifest))
      let first = try await release("B=x=y z\nA=1", of: "web", port)
      #expect(first.id.wholeMatch(of: /R[A-Z]{10}/) != nil)
      #expect(first.env == "A=1\nB=x=y z")
      #expect(first.created.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
      #expect(context.store.apps()[0].appEnvironment.isEmpty)
      #expect(
        try await exchange("GET", "/apps/web/releases/\(first.id)", port: port).decode(Change.self) == first)
      // The tool takes the newest one for its next change, also before it is promoted.
      #expect(
        try await exchange("GET", "/apps/web/releases?limit=1", port: port).decode([Change].self) == [first])
      let promoted = try await exchange(
        "POST", "/apps/web/releases/\(first.id)/promote", port: port, form: [("force", "false")])
      #expect(promoted.status == 200)
      #expect(context.store.apps()[0].appEnvironment == ["A": "1", "B": "x=y z"])
      #expect(try await exchange("GET", "/apps/web", port: port).decode(App.self).release == first.id)
      let second = try await release("", of: "web", port)
      _ = try await exchange("POST", "/apps/web/releases/\(second.id)/promote", port: port)
      #expect(context.store.apps()[0].appEnvironment.isEmpty)
      let list = try await exchange("GET", "/apps/web/releases", port: port).decode([Change].self)
      #expect(list.map(\.id) == [second.id, first.id])
    }
  }

  @Test func `a line that every later look at the env would stop at is refused`() async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let long = String(repeating: "x", count: 65_536)
      let refused = try await exchange(
        "POST", "/apps/web/releases", port: port, form: [("env", "A=1\nBIG=\(long)")])
      #expect(refused.status == 400)
      #expect(try errorText(refused).hasPrefix("BIG has a line of 64 KiB"))
      #expect(try await context.store.releases(of: context.store.apps()[0].id).releases.isEmpty)
    }
  }

  @Test func `a change by drydock's own command is built on the newest release, and is the newest then`()
    async throws
  {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let id = context.store.apps()[0].id
      _ = try await release("A=1", of: "web", port)
      try await context.store.updateAppEnvironment(id) { $0["C"] = "3" }
      let list = try await exchange("GET", "/apps/web/releases?limit=1", port: port).decode([Change].self)
      #expect(list.map(\.env) == ["A=1\nC=3"])
      #expect(context.store.apps()[0].appEnvironment == ["A": "1", "C": "3"])
      #expect(try await exchange("GET", "/apps/web", port: port).decode(App.self).release == list[0].id)
    }
  }

  @Test func `a promotion that the manifest refuses changes nothing`() async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let state = context.store.apps()[0]
      try Data("resources:\n  db:\n    type: ${TYPE}\n".utf8).write(
        to: URL(filePath: "\(state.path)/convox.yml"))
      let change = try await release("TYPE=oracle", of: "web", port)
      let response = try await exchange("POST", "/apps/web/releases/\(change.id)/promote", port: port)
      #expect(response.status == 400)
      #expect(try errorText(response).contains("oracle"))
      #expect(context.store.apps()[0].appEnvironment.isEmpty)
      #expect(try await exchange("GET", "/apps/web", port: port).decode(App.self).release == "")
    }
  }

  /// Bug: a required variable without a value was promoted; a rack refuses that, in these words alone.
  @Test func `a promotion without a required variable is refused in the rack's words`() async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let state = context.store.apps()[0]
      try Data("services:\n  web: { image: i, environment: [B, A, C=1] }\n".utf8).write(
        to: URL(filePath: "\(state.path)/convox.yml"))
      let change = try await release("C=2", of: "web", port)
      let response = try await exchange("POST", "/apps/web/releases/\(change.id)/promote", port: port)
      #expect(response.status == 400)
      #expect(try errorText(response) == "required env: A, B")
      #expect(context.store.apps()[0].appEnvironment.isEmpty)
    }
  }

  @Test func `a release is described by what it changes, as a rack does it`() async throws {
    struct Described: Decodable { var description: String }
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      for env in ["B=1\nA=1", "A=1\nB=2\nC=3", "C=3", "C=3"] {
        _ = try await exchange("POST", "/apps/web/releases", port: port, form: [("env", env)])
      }
      _ = try await exchange(
        "POST", "/apps/web/releases", port: port, form: [("env", "C=4"), ("description", "mine")])
      // One by drydock's own command as well.
      let id = context.store.apps()[0].id
      try await context.store.updateAppEnvironment(id) { $0 = ["C": "5", "D": "6"] }
      let list = try await exchange("GET", "/apps/web/releases", port: port).decode([Described].self)
      #expect(
        list.map(\.description) == [
          "env add:D change:C", "mine", "env", "env remove:A remove:B", "env add:C change:B",
          "env add:A add:B",
        ])
    }
  }

  @Test(arguments: ["0", "-1", "x", "99999999999999999999"])
  func `a limit that is none is refused`(_ limit: String) async throws {
    try await withRack { port, _ in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let response = try await exchange("GET", "/apps/web/releases?limit=\(limit)", port: port)
      #expect(response.status == 400)
    }
  }

  @Test(arguments: [
    "127.0.0.1/22", "127.0.0.1/0", "localhost/99999", "example.com/5432", "10.0.0.1/5432", "127.0.0.1/x",
  ])
  func `the proxy is no way to anything but the rack's own resources`(_ place: String) async throws {
    try await withRack { port, _ in
      for place in [place, "127.0.0.1/\(port)"] {
        try await Wire.connect(port: port) { wire in
          try await wire.send(upgrade("/proxy/\(place)", port: port))
          #expect(try await wire.response()?.status == 101)
          #expect(
            try await wire.frame()?.text.hasPrefix("ERROR: no resource of this rack listens at ") == true)
          #expect(try await wire.frame()?.closeCode == 1008)
        }
      }
    }
  }

  /// Bug: whoever opened it was told of a bad handshake and nothing else.
  @Test(arguments: [
    ("/apps/web/processes//exec", "ERROR: the app's services are not started"),
    ("/apps//logs", "ERROR: no such app: "),
    ("/apps/web/resources//console", "ERROR: no such resource: "),
  ])
  func `an empty name in a websocket's path is told in it`(_ path: String, _ text: String) async throws {
    try await withRack { port, _ in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade(path, port: port, ["Command: ls"]))
        #expect(try await wire.response()?.status == 101)
        let told = try await wire.frame()?.text ?? ""
        #expect(told.hasPrefix(text), "\(told)")
        // The tool ends with the code that an exec is told.
        if path.hasSuffix("exec") { #expect(try await wire.frame()?.text.hasSuffix(":1\n") == true) }
      }
    }
  }

  /// Bug: a resource at a URL of the user's could be listed and not be proxied.
  @Test func `the proxy reaches a resource elsewhere by its URL, and nothing beside it`() async throws {
    let server = try BlackHoleServer(.answering(Array("+PONG\r\n".utf8), thenCloses: false))
    defer { server.stop() }
    let far = server.port
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let state = context.store.apps()[0]
      try Data("resources:\n  cache: { type: redis }\n".utf8).write(
        to: URL(filePath: "\(state.path)/convox.yml"))
      try await context.store.updateAppEnvironment(state.id) {
        $0["CACHE_URL"] = "redis://localhost:\(far)/0"
      }
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/proxy/localhost/\(far)", port: port))
        #expect(try await wire.response()?.status == 101)
        try await wire.send(frame: 1, Array("PING\r\n".utf8))
        #expect(try await wire.frame()?.text == "+PONG\r\n")
      }
      for place in ["localhost/\(far + 1)", "example.com/\(far)"] {
        try await Wire.connect(port: port) { wire in
          try await wire.send(upgrade("/proxy/\(place)", port: port))
          #expect(try await wire.response()?.status == 101)
          #expect(try await wire.frame()?.text.hasPrefix("ERROR: no resource of this rack") == true)
        }
      }
    }
  }

  /// Bug: the proxy forwarded to any port that a resource once had.
  @Test(arguments: RuntimeKind.allCases)
  func `whoever took a stopped server's port gets nothing`(_ runtime: RuntimeKind) async throws {
    let stranger = try BlackHoleServer(.answering(Array("+OK\r\n".utf8), thenCloses: false))
    defer { stranger.stop() }
    let taken = stranger.port
    try await withRack { port, context in
      var app = InstanceState(
        id: "abc123def456", handle: "web", app: "web", path: "/nowhere", resourcePassword: "secret")
      app.runtime = runtime
      var record = ResourceRecord(type: "redis", administratorPassword: "", wantedVersion: "", options: [:])
      record.port = taken
      app.resources["cache"] = record
      try context.store.save(app)
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/proxy/127.0.0.1/\(taken)", port: port))
        #expect(try await wire.response()?.status == 101)
        try await wire.send(frame: 1, Array("AUTH secret\r\n".utf8))
        let told = try #require(try await wire.frame())
        #expect(told.text.hasPrefix("ERROR: cannot reach 127.0.0.1:\(taken): "), "\(told.text)")
        #expect(try await wire.frame()?.closeCode == 1000)
      }
    }
    #expect(stranger.accepted == 0)
  }

  @Test func `a drain is created, linked, changed and deleted`() async throws {
    struct Link: Decodable { var name: String }
    struct Resource: Decodable {
      var name: String
      var type: String
      var status: String
      var url: String
      var parameters: [String: String]
      var apps: [Link]
    }
    try await withRack { port, _ in
      #expect(try await exchange("OPTIONS", "/resources", port: port).text.contains("\"name\":\"syslog\""))
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let form = [
        ("kind", "syslog"), ("name", "drain"), ("parameters", "Url=tcp%3A%2F%2Flogs.example.com%3A1"),
      ]
      let made: Resource = try await exchange("POST", "/resources", port: port, form: form).decode()
      #expect(made.name == "drain")
      try await eventually("the drain") {
        try await exchange("GET", "/resources/drain", port: port).decode(Resource.self).status == "running"
      }
      let linked: Resource = try await exchange(
        "POST", "/resources/drain/links", port: port, form: [("app", "web")]
      ).decode()
      #expect(linked.apps.map(\.name) == ["web"])
      #expect(try await exchange("DELETE", "/resources/drain", port: port).status == 400)
      let update = [("parameters", "Url=udp%3A%2F%2Flogs.example.com%3A2")]
      #expect(try await exchange("PUT", "/resources/drain", port: port, form: update).status == 200)
      try await eventually("the change") {
        let now: Resource = try await exchange("GET", "/resources/drain", port: port).decode()
        return now.status == "running" && now.url == "udp://logs.example.com:2"
      }
      #expect(try await exchange("DELETE", "/resources/drain/links/web", port: port).status == 200)
      #expect(try await exchange("DELETE", "/resources/drain", port: port).status == 200)
      try await eventually("its end") {
        // Until then the reply is the resource.
        let reply = try await exchange("GET", "/resources/drain", port: port)
        return (try? errorText(reply)) == "no such resource: drain"
      }
      let unknown = try await exchange("POST", "/resources", port: port, form: [("kind", "oracle")])
      #expect(try errorText(unknown).hasPrefix("no such resource type: oracle"))
    }
  }

  @Test func `logs are refused in the stream, where the tool shows it`() async throws {
    try await withRack { port, _ in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/apps/web/logs", port: port))
        #expect(try await wire.response()?.status == 101)
        #expect(try await wire.frame()?.text == "ERROR: no such app: web\n")
        #expect(try await wire.frame()?.closeCode == 1000)
      }
    }
  }

  @Test func `app parameters are set, and those of no app refused`() async throws {
    struct Parameters: Decodable { var parameters: [String: String] }
    try await withRack { port, _ in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      func set(_ parameters: String) async throws -> WireResponse {
        try await exchange("PUT", "/apps/web", port: port, form: [("parameters", parameters)])
      }
      #expect(try await set("AutoMinorVersionUpgrade=false").status == 200)
      let app: Parameters = try await exchange("GET", "/apps/web", port: port).decode()
      #expect(app.parameters["AutoMinorVersionUpgrade"] == "false")
      #expect(try await set("Foo=bar").status == 400)
      #expect(try await set("AutoMinorVersionUpgrade=perhaps").status == 400)
      #expect(try await exchange("PUT", "/apps/web", port: port, form: [("lock", "true")]).status == 400)
      #expect(try await exchange("PUT", "/apps/web", port: port, form: [("lock", "false")]).status == 200)
      #expect(try await exchange("PUT", "/apps/none", port: port, form: [("lock", "false")]).status == 404)
    }
  }
}
