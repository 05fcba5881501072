import DrydockTestSupport
import Foundation
import Testing

/// A plain redis is open to every user of the machine, as on AWS to everybody in the VPC.
@Suite struct RestrictedCommandTests {
  @Test(
    "Nobody changes, ends or takes over a redis by its own commands",
    arguments: await EngineAvailability.runtimes())
  func restricted(_ runtime: String) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let port = try #require(try await app.ps()["cache"]?.port)
      for words in [
        ["CONFIG", "SET", "bind", "0.0.0.0"], ["CONFIG", "SET", "requirepass", "mine"],
        ["SHUTDOWN", "NOSAVE"], ["REPLICAOF", "127.0.0.1", "1"], ["ACL", "SETUSER", "default", "off"],
        ["SAVE"],
      ] {
        let result = try await app.start(
          ["redis-cli", "-h", "127.0.0.1", "-p", "\(port)"] + words, tool: true
        ).result()
        #expect((result.stdout + result.stderr).contains("NOPERM"), "\(words): \(result)")
      }
      #expect(try await app.redis("SET", "key", "kept", port: port) == "OK")
      #expect(try await app.redis("PUBLISH", "channel", "word", port: port) == "0")
      #expect(try await app.up()["cache"]?.action == "verify")
      _ = try await app.drydock("down")
      try await app.up()
      #expect(try await app.redis("GET", "key", port: port) == "kept")
    }
  }
}
