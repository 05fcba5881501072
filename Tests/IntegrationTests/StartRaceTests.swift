import DrydockTestSupport
import Foundation
import Testing

/// Somebody takes the port between the look at it and the engine's own bind.
@Suite(.nativeEngines) struct StartRaceTests {
  @Test(
    "Whoever wins an engine's port gets no secret and is not taken for it; the engine gets the next",
    arguments: [
      ("redis", BlackHoleServer.Behaviour.answering(Array("+PONG\r\n".utf8), thenCloses: false)),
      ("memcached", .answering(Array("VERSION 1.6.18\r\nSTAT pid 1\r\nEND\r\n".utf8), thenCloses: false)),
      // AuthenticationCleartextPassword
      ("postgres", .answering([UInt8(ascii: "R"), 0, 0, 0, 8, 0, 0, 0, 3], thenCloses: false)),
      ("mariadb", .greeting([], thenCloses: false)),
    ])
  func portLost(_ type: String, _ trap: BlackHoleServer.Behaviour) async throws {
    try await withApp(manifest(type), AppOptions(runtime: "native")) { app in
      let run = try HeldKeeper(app)
      let up = try app.start(["up"], environment: run.environment)
      try await eventually("the keeper's start") { run.hasStarted }
      let port = try #require(try await app.ps()["it"]?.port)
      try await withBlackHole(trap, port: port) { stranger in
        run.letGo()
        let result = try await up.result()
        #expect(result.status == 0, "\(result)")
        #expect(result.stderr.contains("port \(port) is taken by PID \(getpid())"), "\(result)")
        #expect(stranger.accepted == 0 && stranger.received.isEmpty)
        let row = try #require(try await app.ps()["it"])
        #expect(row.status == "running" && row.port != port, "\(row)")
      }
    }
  }

  @Test("Of a port that was asked for it is said who won it")
  func wantedPortLost() async throws {
    try await withApp(manifest("postgres"), AppOptions(runtime: "native")) { app in
      let run = try HeldKeeper(app)
      let port = try freePort()
      let up = try app.start(["up", "--port", "it=\(port)"], environment: run.environment)
      try await eventually("the keeper's start") { run.hasStarted }
      try await withBlackHole(.silent, port: port) { stranger in
        run.letGo()
        let result = try await up.result()
        #expect(result.status == 1, "\(result)")
        #expect(
          result.stderr.contains("port \(port)") && result.stderr.contains("PID \(getpid())"), "\(result)")
        #expect(stranger.accepted == 0)
      }
    }
  }

  @Test("A server in the place of one whose keeper hangs is not taken for it")
  func keeperHangs() async throws {
    try await withApp(manifest("memcached"), AppOptions(runtime: "native")) { app in
      try await app.up()
      let row = try #require(try await app.ps()["it"])
      let (port, engine) = (try #require(row.port), try #require(row.pid))
      let keeper = try #require(Self.parent(of: engine))
      #expect(kill(keeper, SIGSTOP) == 0)
      #expect(kill(engine, SIGKILL) == 0)
      try await eventually("the engine's end") { !Listener.all().contains { $0.port == port } }
      let stranger = try app.start(
        ["memcached", "-l", "127.0.0.1", "-p", "\(port)", "-u", "nobody"], tool: true)
      try await eventually("the stranger") { Listener.all().contains { $0.port == port } }
      let seen = try #require(try await app.ps()["it"])
      #expect(seen.status != "running", "\(seen)")
      let steps = try await app.up()
      #expect(steps["it"]?.action == "start")
      let after = try #require(try await app.ps()["it"])
      #expect(after.status == "running" && after.port != port && after.pid != engine, "\(after)")
      stranger.send(SIGKILL)
      _ = try await stranger.result()
    }
  }

  private func manifest(_ type: String) -> String {
    "resources:\n  it:\n    type: \(type)\nservices:\n  web:\n    build: .\n    resources: [it]\n"
  }

  private static func parent(of process: Int32) -> Int32? {
    let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return stat?.split(separator: ")").last.flatMap { Int32($0.split(separator: " ")[1]) }
  }
}

/// A keeper that waits to be let go, so that a test can take the engine's port first.
private struct HeldKeeper {
  private let folder: URL
  /// The variable by which drydock takes it.
  var environment: [String: String] { ["DRYDOCK_KEEPER": file("keeper").path] }

  init(_ app: AppFixture) throws {
    folder = app.root
    let real = try BuiltProducts.executable("drydock-keeper")
    // With an option it is no keeper of an engine but a helper; the second start is not held.
    let script = """
      #!/bin/sh
      case $1 in --*) exec '\(real)' "$@" ;; esac
      : >'\(file("started").path)'
      while [ ! -e '\(file("go").path)' ]; do sleep 0.02; done
      exec '\(real)' "$@"

      """
    try script.write(to: file("keeper"), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file("keeper").path)
  }

  private func file(_ name: String) -> URL { folder.appending(path: name) }

  var hasStarted: Bool { FileManager.default.fileExists(atPath: file("started").path) }

  func letGo() { _ = FileManager.default.createFile(atPath: file("go").path, contents: nil) }
}
