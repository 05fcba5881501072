import DrydockTestSupport
import Emulator
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import AppState
@testable import LocalServer
@testable import NativeProcess
@testable import RackAPI
@testable import Services

/// What is about services that run, where none does: with real ones, see the integration tests.
@Suite struct RunningRouteTests {
  private static let manifest = """
    services:
      web: { image: x, port: 3000, command: bin/web, scale: { count: 2, cpu: 128, memory: 64 } }
      worker: { image: x }
    """

  /// Serves a rack with an app `web` that has a manifest.
  private func withApp(
    _ body: @escaping @Sendable (Int, RunningApp) async throws -> Void
  ) async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "shop")])
      let state = try #require(context.store.apps().first)
      try Self.manifest.write(toFile: "\(state.path)/convox.yml", atomically: true, encoding: .utf8)
      try await body(port, RunningApp(context: context, state: state))
    }
  }

  private func stream(_ path: String, _ headers: [String], port: Int) async throws -> String {
    let head = upgrade(path, port: port)
    let request = head.dropLast(1) + headers.map { "\($0)\r\n" }.joined() + "\r\n"
    return try await Wire.connect(port: port) { wire in
      try await wire.send(String(request))
      #expect(try await wire.response()?.status == 101)
      var text = ""
      while let frame = try await wire.frame(), frame.opcode == 1 { text += frame.text }
      return text
    }
  }

  @Test func `services are the manifest's, byte for byte`() async throws {
    try await withApp { port, _ in
      let services = try await exchange("GET", "/apps/shop/services", port: port)
      #expect(
        services.text == """
          [{"count":2,"cpu":128,"domain":"127.0.0.1","memory":64,"name":"web","ports":\
          [{"balancer":0,"certificate":"","container":3000}]},\
          {"count":1,"cpu":256,"domain":"","memory":512,"name":"worker","ports":[]}]

          """)
      #expect(try await exchange("GET", "/apps/shop/processes", port: port).text == "[]\n")
      let budget = try await exchange("GET", "/apps/shop/budget", port: port)
      #expect(budget.text == "{\"config\":null,\"state\":null}\n")
      #expect(try await exchange("GET", "/apps/shop/configs", port: port).text == "[]\n")
    }
  }

  @Test func `a scale counts from the next start on`() async throws {
    try await withApp { port, app in
      let scaled = try await exchange("PUT", "/apps/shop/services/web", port: port, form: [("count", "3")])
      #expect(scaled.text == "ok\n")
      #expect(try ServiceStore(app.supervisor.folder).load().services["web"]?.count == 3)
      #expect(try await exchange("GET", "/apps/shop/services", port: port).text.contains("\"count\":3"))
    }
  }

  @Test(
    arguments: [
      ("-1", nil, "Task count can not be lesser than 0"),
      ("101", nil, "a service has 100 replicas here at most"),
      ("x", nil, "count takes a number, not x"),
      (nil, "1", "this rack scales by --count alone: cpu is set in convox.yml, under scale: of web"),
    ] as [(String?, String?, String)])
  func `a scale that cannot be`(_ count: String?, _ cpu: String?, _ text: String) async throws {
    try await withApp { port, _ in
      let form = [count.map { ("count", $0) }, cpu.map { ("cpu", $0) }].compactMap(\.self)
      let response = try await exchange("PUT", "/apps/shop/services/web", port: port, form: form)
      #expect(response.status == 400)
      #expect(try errorText(response) == text)
    }
  }

  @Test(arguments: [
    ("GET", "/apps/x/processes", 404, "no such app: x"), ("GET", "/apps/x/services", 404, "no such app: x"),
    ("GET", "/apps/shop/processes/web.1", 404, "no such process: web.1"),
    ("PUT", "/apps/shop/services/nope", 404, "no such service: nope"),
    ("POST", "/apps/shop/services/nope/restart", 404, "no such service: nope"),
    ("POST", "/apps/shop/services/nope/processes", 404, "no such service: nope"),
    ("POST", "/apps/shop/services/web/processes", 400, "parameter required: command"),
    ("GET", "/apps/shop/processes/web.1/files?file=relative", 400, "file takes an absolute path"),
    ("GET", "/apps/shop/configs/a", 404, "app config not found: a"),
  ])
  func `what is not there is told`(_ method: String, _ path: String, _ status: Int, _ text: String)
    async throws
  {
    try await withApp { port, _ in
      let response = try await exchange(method, path, port: port)
      #expect(response.status == status)
      #expect(try errorText(response) == text)
    }
  }

  @Test(arguments: [
    ("DELETE", "/apps/shop/processes/web.1"), ("POST", "/apps/shop/services/web/restart"),
    ("POST", "/apps/shop/processes/web.1/files"), ("DELETE", "/apps/shop/processes/web.1/files?files=a"),
  ])
  func `what needs services that run says how they are started`(_ method: String, _ path: String) async throws
  {
    try await withApp { port, _ in
      let response = try await exchange(method, path, port: port)
      #expect(response.status == 400)
      #expect(try errorText(response).contains("the app's services are not started"))
      #expect(try errorText(response).contains("drydock start"))
    }
  }

  /// Bug: the tool told an error for each edit that came while a replica was being restarted.
  @Test func `what start carries into a folder's app is taken, also while nothing runs`() async throws {
    try await withApp { port, app in
      // Not the one in drydock's home, where those live that the tool made.
      var state = app.state
      state.path = app.context.currentDirectory
      try Self.manifest.write(toFile: "\(state.path)/convox.yml", atomically: true, encoding: .utf8)
      try app.context.store.save(state)
      let removed = try await exchange("DELETE", "/apps/shop/processes/web.1/files?files=a", port: port)
      #expect(removed.status == 200 && removed.text == "ok\n")
    }
  }

  @Test func `a command that cannot be run ends the tool with 1`() async throws {
    try await withApp { port, _ in
      let told = try await stream("/apps/shop/processes/web.1/exec", ["command: true"], port: port)
      #expect(told.hasPrefix("ERROR: the app's services are not started\n"))
      #expect(told.hasSuffix("\nF1E49A85-0AD7-4AEF-A618-C249C6E6568D:1\n"))
      let none = try await stream("/apps/shop/processes/web.1/exec", [], port: port)
      #expect(none == "ERROR: parameter required: command\nF1E49A85-0AD7-4AEF-A618-C249C6E6568D:1\n")
    }
  }

  @Test func `logs have whole seconds, a kind, a service and a process`() async throws {
    try await withApp { port, app in
      let writer = try logWriter("web.1", app)
      writer.write(Array("first\r".utf8), stream: .output)
      try logWriter("tally.timer", app).write(Array("second".utf8), stream: .error)
      let told = try await stream("/apps/shop/logs", ["Prefix: true", "Follow: false"], port: port)
      let lines = told.split(separator: "\n").map(String.init)
      #expect(lines.count == 2)
      let pattern =
        /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z (service\/web\/web\.1 first|timer\/tally\/tally\.timer second)/
      for line in lines { #expect(line.wholeMatch(of: pattern) != nil, "\(line)") }
      #expect(try await stream("/apps/shop/logs", ["Follow: false", "Filter: fir"], port: port) == "first\n")
      let own = try await stream("/apps/shop/services/web/logs", ["Follow: false", "Tail: 1"], port: port)
      #expect(own == "first\n")
      #expect(try await stream("/apps/shop/logs", ["Follow: false", "Since: 0s"], port: port).isEmpty)
      let wrong = try await stream("/apps/shop/logs", ["Since: soon"], port: port)
      #expect(wrong == "ERROR: since takes a span such as 10m or 2h30m, not soon\n")
      let none = try await stream("/apps/shop/services/nope/logs", [], port: port)
      #expect(none == "ERROR: no such service: nope\n")
    }
  }

  private func logWriter(_ replica: String, _ app: RunningApp) throws -> LineLogWriter {
    let folder = app.supervisor.folder
    let named = try #require(ServiceReplica(name: replica))
    try FileManager.default.createDirectory(atPath: folder.replica(named), withIntermediateDirectories: true)
    return LineLogWriter(path: folder.log(named).path)
  }

  @Test func `fifty follow a log at once, and each gets what is written then`() async throws {
    try await withApp { port, app in
      let writer = try logWriter("web.1", app)
      writer.write(Array("before".utf8), stream: .output)
      let followers = Count()
      try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<50 {
          group.addTask {
            try await Wire.connect(port: port) { wire in
              try await wire.send(upgrade("/apps/shop/logs", port: port))
              _ = try await wire.response()
              followers.add()
              var text = ""
              while !text.contains("after"), let frame = try await wire.frame() { text += frame.text }
              try await wire.send(frame: 8, [3, 232])
              return text
            }
          }
        }
        group.addTask {
          // All of them are at the end by then, or read it from there.
          try await eventually("all of them") { followers.value == 50 }
          writer.write(Array("after".utf8), stream: .output)
          return "before\nafter\n"
        }
        for try await text in group { #expect(text == "before\nafter\n") }
      }
    }
  }

  @Test(arguments: [("sleep 3600", true), ("sleep x", false), ("bin/job", false), ("sleep 1 2", false)])
  func `which processes only wait for a command`(_ command: String, _ waits: Bool) {
    #expect(OneOffUse.sleeps(command) == waits)
    var use = OneOffUse()
    #expect(!use.isAbandoned(command))
    use.begin()
    #expect(!use.isAbandoned(command))
  }

  @Test(arguments: [
    ("POST", "/apps/web/services/web/processes"), ("POST", "/apps/web/processes/web.1/files"),
    ("GET", "/apps/web/processes/web.1/files?file=/a"), ("DELETE", "/apps/web/processes/web.1/files?files=a"),
    ("POST", "/apps/web/builds"),
  ])
  func `a rack without consoles runs nothing for anybody`(_ method: String, _ path: String) async throws {
    try await withRack(hasConsoles: false) { port, _ in
      let response = try await exchange(method, path, port: port)
      #expect(response.status == 403 && response.text.contains("--no-console"), "\(response.text)")
      let told = try await stream("/apps/web/processes/web.1/exec", ["command: true"], port: port)
      #expect(told.contains("--no-console") && told.hasSuffix(":1\n"))
    }
  }

  @Test func `this machine is the rack's instance`() async throws {
    try await withApp { port, _ in
      let instances = try await exchange("GET", "/instances", port: port)
      #expect(instances.text.contains("\"status\":\"running\""))
      #expect(try await exchange("GET", "/system/processes", port: port).text.contains("\"name\":\"api\""))
    }
  }
}

/// Something that is counted.
private final class Count: Sendable {
  private let number = Mutex(0)
  var value: Int { number.withLock(\.self) }
  func add() { number.withLock { $0 += 1 } }
}
