import ByteStreams
import DrydockBase
import DrydockTestSupport
import Foundation
import LocalFiles
import NIOHTTP1
import Synchronization
import Testing

@testable import AppState
@testable import LocalServer
@testable import RackAPI

/// Archives, forms and frames made at random from a seed, given to the rack: whatever they are, nothing outside of an app's
/// folder changes, each is answered in words, and the rack goes on.
///
/// A few hundred cases run always. With `DRYDOCK_FUZZ_SECONDS` cases with new seeds run for so long besides.
@Suite("Uploads and forms at random") struct UploadFuzzTests {
  private func check(_ seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    var archive = random.archive()
    if Bool.random(using: &random) { archive = try await compressed(archive) }
    if Int.random(in: 0..<10, using: &random) == 0 { archive = random.mutated(archive) }
    let bounds = SourceTree.Bounds(bytes: 4000, members: 6)
    try await unpacking(archive, pieces: random.one(of: [1, 100, 512, 5000]), bounds: bounds) {
      root, failure in
      if let failure {
        let isInWords = failure is DrydockError || failure is DirectoryError
        #expect(isInWords, "seed \(seed): \(failure)")
      }
      let own = root.appending(path: ".drydock").path(percentEncoded: false)
      #expect(!FileManager.default.fileExists(atPath: own), "seed \(seed)")
    }
  }

  private func compressed(_ bytes: [UInt8]) async throws -> [UInt8] {
    let collector = Mutex<[UInt8]>([])
    let (sink, finish) = try Gzip.compressing { more in collector.withLock { $0 += more } }
    try await sink(bytes)
    try await finish()
    return collector.withLock { $0 }
  }

  @Test("no archive leads outside", arguments: 0..<10)
  func archives(round: UInt64) async throws {
    for seed in (round * 30)..<(round * 30 + 30) { try await check(seed) }
  }

  @Test("no archive with a new seed leads outside", .enabled(if: fuzzSeconds != nil))
  func newArchives() async throws {
    var seed = UInt64.random(in: 0 ... .max)
    print("fuzz: seeds from \(seed)")
    let end = ContinuousClock.now + .seconds(fuzzSeconds ?? 0)
    while ContinuousClock.now < end {
      try await check(seed)
      seed &+= 1
    }
  }

  @Test("forms are read as they were written, or refused", arguments: 0..<4)
  func formValues(round: UInt64) throws {
    for seed in (round * 50)..<(round * 50 + 50) {
      var random = SeededRandom(state: seed)
      var values: [String: String] = [:]
      for _ in 0..<Int.random(in: 0...5, using: &random) {
        let scalars = (0..<Int.random(in: 1...6, using: &random)).map { _ in
          random.one(of: ["a", "=", "&", "+", " ", "%", "é", "🐟", "\n", "\0", "%41"])
        }
        values[scalars.joined()] = scalars.reversed().joined()
      }
      let text = values.map { "\(encoded($0))=\(encoded($1))" }.joined(separator: "&")
      #expect(try FormValues.parse(text) == values, "seed \(seed)")
      let damaged = String(decoding: random.mutated(Array(text.utf8)), as: UTF8.self)
      do { _ = try FormValues.parse(damaged) } catch {
        #expect((error as? HTTPFailure)?.status == .badRequest, "seed \(seed): \(error)")
      }
    }
  }

  // MARK: Over the wire

  private static let keys = [
    "name", "env", "build", "url", "development", "force", "timeout", "manifest", "count", "cpu",
    "description",
    "parameters", "lock", "build-args", "no-cache", "external", "generation", "min", "kind",
  ]
  private static let values = [
    "", "web", "true", "false", "-1", "0", "99999999999999999999", "A=1\nB=2", "object://web/tmp/x", "../x",
    "é\0",
    "%zz", "postgres", "A=1&B=%ZZ", String(repeating: "x", count: 5000),
  ]
  private static let forms = [
    ("POST", "/apps"), ("PUT", "/apps/web"), ("POST", "/apps/web/releases"), ("POST", "/apps/web/builds"),
    ("POST", "/apps/web/releases/RABCDEFGHIJ/promote"), ("POST", "/apps/web/cancel"),
    ("PUT", "/apps/web/services/web"), ("POST", "/apps/web/services/web/restart"),
    ("POST", "/apps/web/services/web/processes"), ("DELETE", "/apps/web/processes/web.1"),
    ("POST", "/apps/web/builds/import"), ("POST", "/apps/web/objects/tmp/x"),
  ]
  private static let sockets = [
    "/apps/web/logs", "/apps/web/builds/BABCDEFGHIJ/logs", "/apps/web/processes/web.1/exec",
  ]

  private func request(_ random: inout SeededRandom, _ port: Int) async throws -> [UInt8] {
    let (method, path) = random.one(of: Self.forms)
    let pairs = (0..<Int.random(in: 0...4, using: &random)).map { _ in
      "\(random.one(of: Self.keys))=\(encoded(random.one(of: Self.values)))"
    }
    var body = Array(pairs.joined(separator: "&").utf8)
    let type = random.one(of: [
      "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "application/json",
      "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=latin1",
    ])
    if type.hasPrefix("multipart") {
      body = Array("--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nweb\r\n--x--\r\n".utf8)
    }
    switch Int.random(in: 0..<6, using: &random) {
    case 0: body = random.mutated(body)
    case 1: body = random.archive()
    case 2: body = try await compressed(random.archive())
    default: break
    }
    let headers = ["Content-Type: \(type)", "Content-Length: \(body.count)"]
    return Array(head(method, path, port: port, headers).utf8) + body
  }

  /// Random requests, each of which is answered, and frames.
  private func attack(_ seed: UInt64, rounds: Int) async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      let state = try #require(context.store.apps().first)
      try Data("services:\n  web:\n    command: sleep 1\n".utf8).write(
        to: URL(filePath: "\(state.path)/convox.yml"))
      var random = SeededRandom(state: seed)
      for round in 0..<rounds {
        let bytes = try await request(&random, port)
        let status = try await Wire.connect(port: port) { wire in
          try await wire.send(bytes)
          return try await wire.response()?.status
        }
        let first = String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self)
        #expect((200..<500).contains(status ?? 0), "seed \(seed), round \(round): \(first): \(status ?? 0)")
        if round % 5 == 0 { try await frames(&random, port) }
      }
      #expect(try await exchange("GET", "/system", port: port).status == 200)
      // Whatever was made, no build is left half-made.
      let store = BuildStore(home: context.home, id: state.id)
      try await eventually("all builds are over") { store.list().allSatisfy { $0.status.isFinal } }
      for build in store.list() {
        #expect(!FileManager.default.fileExists(atPath: store.tree(of: build.id)), "seed \(seed)")
      }
    }
  }

  private func frames(_ random: inout SeededRandom, _ port: Int) async throws {
    var bytes: [UInt8] = []
    for _ in 0..<3 {
      let payload = random.bytes(random.one(of: [0, 1, 125, 126, 4000]))
      bytes += WireFrame.encode(
        UInt8.random(in: 0...15, using: &random), payload, fin: Bool.random(using: &random))
    }
    let (stream, path) = (random.mutated(bytes), random.one(of: Self.sockets))
    try? await Wire.connect(port: port) { wire in
      try await wire.send(upgrade(path, port: port, ["command: true"]))
      _ = try await wire.response()
      try? await wire.send(stream + WireFrame.encode(8, [3, 232]))
      wire.finish()
      _ = try? await wire.rest()
    }
  }

  @Test("each form is answered, and the rack goes on", arguments: 0..<3)
  func rack(seed: UInt64) async throws { try await attack(seed, rounds: 60) }

  @Test("the same with new seeds", .enabled(if: fuzzSeconds != nil))
  func newSeeds() async throws {
    var seed = UInt64.random(in: 0 ... .max)
    print("fuzz: seeds from \(seed)")
    let end = ContinuousClock.now + .seconds(fuzzSeconds ?? 0)
    while ContinuousClock.now < end {
      try await attack(seed, rounds: 200)
      seed &+= 1
    }
  }
}
