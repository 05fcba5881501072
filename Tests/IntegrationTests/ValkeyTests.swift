import DrydockTestSupport
import Foundation
import Testing

/// `engine: valkey` and `type: valkey`, where a compatible Redis has to stand in: no Valkey is packaged for the machines of the tests.
@Suite struct ValkeyTests {
  private static let manifest = """
    resources:
      cache: { type: redis, options: { version: "8.0", engine: valkey } }
      own: { type: valkey }
    services:
      web: { image: web, resources: [cache, own] }
    """

  private static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/valkey-server")

  @Test(
    "Valkey, or visibly a Redis in its place, shaped as redis is, and no engine can become the other",
    .enabled(if: !isInstalled, "Valkey is installed, so that nothing has to stand in"),
    arguments: await EngineAvailability.runtimes())
  func standIn(_ runtime: String) async throws {
    try await withApp(Self.manifest, AppOptions(runtime: runtime)) { app in
      let strict = try await app.drydock("up", "--strict-version", "--offline")
      #expect(strict.status == 69 && strict.stderr.contains("valkey"), "\(strict)")
      let steps = try await app.up()
      let own = steps["own"]?.drift ?? ""
      #expect(own.contains(/^redis 7\.\d+\.\d+ stands in for valkey 8\.1$/), "\(own)")
      let cache = try #require(steps["cache"])
      #expect(cache.drift?.contains(/^redis 7\.\d+\.\d+ stands in for valkey 8\.0$/) == true, "\(cache)")
      let url = try #require(try await app.variables()["CACHE_URL"])
      #expect(url.hasPrefix("redis://127.0.0.1:") && url.hasSuffix("/0"))
      let port = try #require(URLComponents(string: url)?.port)
      #expect(try await app.redis("set", "a", "1", port: port) == "OK")
      #expect(try await app.drydock("down").status == 0)
      #expect(try await app.up()["cache"]?.action == "start")
      #expect(try await app.redis("get", "a", port: port) == "1")
      try app.write(manifest: Self.manifest.replacing("engine: valkey", with: "engine: redis"))
      let other = try await app.drydock("up")
      #expect(other.status == 78 && other.stderr.contains("its engine is valkey"), "\(other)")
    }
  }
}
