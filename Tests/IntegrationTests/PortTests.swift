import DrydockBase
import DrydockTestSupport
import Foundation
import Testing

/// Ports that somebody else has, or wants.
@Suite struct PortTests {
  @Test(
    "A port that was asked for and is taken is an error that names its owner",
    arguments: await EngineAvailability.runtimes())
  func explicitPortTaken(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await withBlackHole(.silent) { stranger in
        let result = try await app.drydock("up", "--port", "cache=\(stranger.port)")
        #expect(result.status == 1, "\(result)")
        #expect(result.stderr.contains("port \(stranger.port)"), "\(result)")
        #expect(result.stderr.contains("\(getpid())"), "the owner is named: \(result)")
        #expect(result.stderr.contains("--port"), "\(result)")
      }
      #expect(try await app.ps()["cache"]?.status != "running")
      try await app.up()
    }
  }

  @Test(
    "A port of our choice that was taken meanwhile is left for the next, which is kept",
    arguments: await EngineAvailability.runtimes())
  func chosenPortTaken(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let first = try #require(try await app.ps()["cache"]?.port)
      try await app.redis("SET", "key", "kept", port: first)
      _ = try await app.drydock("down")
      let second = try await withStranger(app, port: first) { _ in
        let result = try await app.drydock("up")
        #expect(result.status == 0, "\(result)")
        #expect(result.stderr.contains("port \(first) is taken by"), "\(result)")
        return try #require(try await app.ps()["cache"]?.port)
      }
      #expect(second != first)
      #expect(try await app.redis("GET", "key", port: second) == "kept")
      _ = try await app.drydock("down")
      try await app.up()
      #expect(try await app.ps()["cache"]?.port == second)
    }
  }

  @Test("Of two runs that want one port, one gets it", .nativeEngines)
  func raceForAPort() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      let other = try app.sibling("other", manifest: Manifests.redis)
      let port = try freePort()
      let runs = [
        try app.start(["up", "--port", "cache=\(port)"]), try other.start(["up", "--port", "cache=\(port)"]),
      ]
      let results = [try await runs[0].result(), try await runs[1].result()]
      #expect(results.map(\.status).sorted() == [0, 1], "\(results)")
      let loser = try #require(results.first { $0.status != 0 })
      #expect(loser.stderr.contains("port \(port)"), "\(loser)")
    }
  }

  @Test("A chosen port that cannot be had leaves the resource its own", .nativeEngines)
  func chosenPortRefused() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      let port = try #require(try await app.ps()["cache"]?.port)
      let reserved = try await app.drydock("up", "--port", "cache=22")
      #expect(reserved.status == 64, "\(reserved)")
      #expect(reserved.stderr.contains("choose one from"), "\(reserved)")
      let taken = try freePort()
      try await withStranger(app, port: taken) { _ in
        let result = try await app.drydock("up", "--port", "cache=\(taken)")
        #expect(result.status == 1, "\(result)")
      }
      try await app.up()
      #expect(try await app.ps()["cache"]?.port == port)
      #expect(try app.reservedPorts().count == 1)
    }
  }

  @Test("--port moves a resource, and refuses what is no port")
  func portOption() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", isHeavy: false)) { app in
      for (argument, word) in [
        ("cache=abc", "abc"), ("cache=0", "0"), ("cache=70000", "70000"), ("cache", "cache"),
      ] {
        let result = try await app.drydock("up", "--port", argument)
        #expect(result.status == 64, "\(result)")
        #expect(result.stderr.contains(word) && result.stderr.contains("ERROR"), "\(result)")
      }
      let result = try await app.drydock("up", "--port", "cash=1234")
      #expect(result.status == 64, "\(result)")
      #expect(result.stderr.contains("cache"), "the nearest is named: \(result)")
    }
  }

  @Test("Nothing listens but on 127.0.0.1", arguments: await EngineAvailability.runtimes())
  func loopbackOnly(_ runtime: String) async throws {
    try await withApp(Manifests.full, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let ports = try await app.ps().values.compactMap(\.port)
      #expect(ports.count == 5)
      // The kernel's table is read in pieces, and may miss a line while others come and go.
      let listeners = (0..<10).flatMap { _ in Listener.all() }
      for port in ports {
        let addresses = Set(listeners.filter { $0.port == port }.map(\.address))
        #expect(addresses == ["127.0.0.1"], "port \(port)")
      }
      guard runtime == "native" else { return }
      // Nothing else either, on whatever port: an engine's second protocol, for one.
      let engines = Set(app.processes().flatMap { Listener.sockets(of: $0) })
      let strays = listeners.filter { engines.contains($0.inode) && !ports.contains($0.port) }
      #expect(strays.isEmpty)
    }
  }
}

extension AppFixture {
  /// Another app of the same home.
  func sibling(_ name: String, manifest: String) throws -> AppFixture {
    let other = inFolder(root.appending(path: name))
    try FileManager.default.createDirectory(at: other.folder, withIntermediateDirectories: true)
    try other.write(manifest: manifest)
    return other
  }
}

/// Runs `body` while a redis that is not drydock's listens on that port; its process id is handed over.
private func withStranger<Value>(
  _ app: AppFixture, port: Int, _ body: (Int32) async throws -> Value
) async throws -> Value {
  let stranger = try app.start(
    ["redis-server", "--bind", "127.0.0.1", "--port", "\(port)", "--save", "", "--dir", "/tmp"], tool: true)
  do {
    try await eventually("the stranger") {
      Listener.all().contains {
        $0.port == port && Listener.sockets(of: stranger.processID).contains($0.inode)
      }
    }
    let value = try await body(stranger.processID)
    stranger.send(SIGKILL)
    _ = try await stranger.result()
    return value
  } catch {
    stranger.send(SIGKILL)
    _ = try await stranger.result()
    throw error
  }
}

/// A listening TCP socket of this machine.
struct Listener: Hashable {
  var address: String
  var port: Int
  var inode: String

  /// All of them, by the kernel's own tables.
  static func all() -> [Listener] {
    ["tcp", "tcp6"].flatMap { table in
      (KernelFile.text("/proc/net/\(table)") ?? "").split(separator: "\n").dropFirst().compactMap(parse)
    }
  }

  private static func parse(_ line: Substring) -> Listener? {
    let fields = line.split(separator: " ")
    guard fields.count > 9, fields[3] == "0A" else { return nil }
    let local = fields[1].split(separator: ":")
    guard local.count == 2, let port = Int(local[1], radix: 16) else { return nil }
    let hex = String(local[0])
    let address = hex == "0100007F" ? "127.0.0.1" : hex
    return Listener(address: address, port: port, inode: String(fields[9]))
  }

  /// The socket inodes that a process has open.
  static func sockets(of process: Int32) -> [String] {
    let folder = "/proc/\(process)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
      .filter { $0.hasPrefix("socket:[") }.map { String($0.dropFirst(8).dropLast()) }
  }
}
