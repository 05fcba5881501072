import DrydockTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import HealthProbes

@Suite(.enabled(if: InstalledEngines.redis != nil)) struct RedisTransferTests {
  /// Bug: keys that the server kept from being removed stayed, while others had gone and the import was said to be done.
  @Test func anImportThatReplacesChangesAllOrNothing() async throws {
    let marker = "drydock-\(UUID().uuidString)"
    try await withTemporaryRedis(marker: marker) { engine in
      let target = ProbeTarget(port: engine.port)
      let wait = ReadinessWait(
        subject: "redis", probe: RedisProbe(target: target), liveness: { liveness(of: engine) })
      _ = try await wait.run(until: .after(testDeadline))
      let redis = try await RedisSession(to: target)
      let dump = [["SELECT", "0"], ["RESTORE", "new", "0"]].map { $0.map { redisWord($0) } }
      _ = try await redis.ask("SET", "new", "1")
      guard case .bytes(let value) = try await redis.ask("DUMP", "new") else {
        Issue.record("DUMP gave no bytes")
        return
      }
      let export = RedisSession.encode(dump[0]) + RedisSession.encode(dump[1] + [value, redisWord("ABSTTL")])
      func load() async throws {
        let rest = Mutex([export])
        try await RedisTransfer(target: target).load(
          from: { rest.withLock { $0.popLast() } }, replacing: true)
      }
      _ = try await redis.ask("FLUSHALL")
      _ = try await redis.ask("SET", "other", "stays")
      _ = try await redis.ask("SELECT", "5")
      _ = try await redis.ask("SET", "far", "stays")
      _ = try await redis.ask("ACL", "SETUSER", "default", "-del", "-unlink")
      await #expect(throws: ProbeFailure.self) { try await load() }
      #expect(try await redis.ask("GET", "far") == .bytes(Array("stays".utf8)))
      _ = try await redis.ask("SELECT", "0")
      #expect(try await redis.ask("GET", "other") == .bytes(Array("stays".utf8)))
      _ = try await redis.ask("ACL", "SETUSER", "default", "+@all")
      try await load()
      #expect(try await redis.ask("KEYS", "*") == .array([.bytes(Array("new".utf8))]))
      _ = try await redis.ask("SELECT", "5")
      #expect(try await redis.ask("DBSIZE") == .integer(0))
    }
  }
}
