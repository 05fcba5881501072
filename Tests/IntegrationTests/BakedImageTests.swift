import DockerEngine
import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// Throw-away servers in Docker, whose data is in an image that was made once.
@Suite(.dockerEngine) struct BakedImageTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
      orders: { type: mysql, options: { version: "9.7" } }
    services:
      web: { image: web, resources: [mydb, legacy, orders] }
    """
  private static let psql = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"
  /// Fails where an earlier run's table is there, or where MySQL knows no zone by name.
  private static let script = """
    set -e
    "\(psql)" -XAtq -v ON_ERROR_STOP=1 "$MYDB_URL" -c 'CREATE TABLE t (x int)' -c 'SHOW fsync' -c 'CREATE EXTENSION hstore'
    for name in LEGACY ORDERS; do
      eval "port=\\$${name}_PORT pass=\\$${name}_PASS"
      MYSQL_PWD=$pass mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P "$port" -u app -D app \\
        --batch --skip-column-names \\
        -e "CREATE TABLE t (x int); SELECT CONVERT_TZ('2026-01-01 12:00', 'UTC', 'Europe/Paris'), @@server_id"
    done
    echo "$MYDB_PASS"
    """

  @Test("Each run has data, passwords and an identity of its own; the image is the same")
  func runs() async throws {
    guard let client = await EngineAvailability.docker().client else { return }
    try await withApp(Self.manifest, AppOptions(runtime: "docker")) { app in
      /// Their ids by name. Other tests may make some of their own at any time.
      func images() async throws -> [String: String] {
        let all = try await client.listImages(labels: ["dev.drydock.baked": ""], until: .after(.seconds(60)))
        return Dictionary(all.flatMap { image in image.repoTags.map { ($0, image.id) } }) { $1 }
      }
      var outputs: [[String]] = []
      var found: [[String: String]] = []
      for _ in 0..<2 {
        let result = try await app.drydock("test", "--", "sh", "-c", Self.script)
        #expect(result.status == 0, "\(result)")
        let lines = result.stdout.split(separator: "\n").map(String.init)
        try #require(lines.count == 4, "\(result)")
        #expect(lines[0] == "off" && lines[1].hasPrefix("2026-01-01 13:00"))
        outputs.append(lines)
        found.append(try await images())
      }
      #expect(found[0].count >= 3 && found[0].allSatisfy { found[1][$0.key] == $0.value })
      #expect(
        outputs[0][1] != outputs[1][1] && outputs[0][2] != outputs[1][2] && outputs[0][3] != outputs[1][3])
    }
  }
}
