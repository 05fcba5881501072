import DrydockTestSupport
import Foundation
import Testing

/// What the manifest's replicas may not be, in the program's own words, before anything is started.
@Suite struct ReplicaRuleTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    var name: String
    /// The options of `copy`, a replica beside the database `main` and the cache `cache`.
    var options: String
    var error: String
    /// Whether it cannot be served here either.
    var isRefused = true
    var testDescription: String { name }
  }

  static let rules = [
    Rule(
      name: "unknown source", options: "version: \"15\", readSourceDB: \"#convox.resources.mian\"",
      error: "invalid resource name for readSourceDB\n  did you mean main?"),
    Rule(
      name: "itself", options: "version: \"15\", readSourceDB: \"#convox.resources.copy\"",
      error: "invalid resource name for readSourceDB\n"),
    Rule(
      name: "another form", options: "version: \"15\", readSourceDB: main",
      error: "invalid resource name for readSourceDB\n"),
    Rule(
      name: "another type", options: "version: \"15\", readSourceDB: \"#convox.resources.cache\"",
      error: "resource type mismatch for readSourceDB\n  copy is of type postgres, cache of type redis"),
    Rule(
      name: "a cycle", options: "version: \"15\", readSourceDB: \"#convox.resources.second\"",
      error: "readSourceDB of copy leads back to copy\n"),
    Rule(
      name: "another version", options: "version: \"14\", readSourceDB: \"#convox.resources.main\"",
      error: "version 14 of replica copy differs from 15 of main\n"),
    Rule(
      name: "no version", options: "storage: 30, readSourceDB: \"#convox.resources.main\"",
      error: "replica copy has to set its version, the same as main\n", isRefused: false),
    Rule(
      name: "less storage", options: "version: \"15\", storage: 10, readSourceDB: \"#convox.resources.main\"",
      error: "storage 10 of replica copy is less than 30 of main\n"),
    Rule(
      name: "encrypted of an unencrypted one",
      options: "version: \"15\", storage: 30, encrypted: true, readSourceDB: \"#convox.resources.main\"",
      error: "replica copy cannot be encrypted while main is not\n"),
  ]

  @Test(
    "A replica that AWS would not make is told at its line, and refused where it cannot be served",
    arguments: rules)
  func refused(_ rule: Rule) async throws {
    let manifest = """
      resources:
        main: { type: postgres, options: { version: "15", storage: 30 } }
        cache: { type: redis }
        second: { type: postgres, options: { version: "15", storage: 30, readSourceDB: "#convox.resources.copy" } }
        copy: { type: postgres, options: { \(rule.options) } }
      """
    try await withApp(manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      for command in ["check", "up"] {
        let isServed = command == "up" && !rule.isRefused
        let result =
          isServed ? try await app.drydock("up", "--dry-run") : try await app.drydock(command)
        #expect(result.status == (isServed ? 0 : 65), "\(result)")
        #expect((result.stdout + result.stderr).contains(rule.error), "\(command): \(result)")
        let place =
          isServed ? /WARNING: a deploy would fail: convox\.yml:5:\d+:/ : /ERROR: convox\.yml:5:\d+:/
        #expect((result.stdout + result.stderr).contains(place), "\(result)")
      }
      #expect(app.processes().isEmpty)
    }
  }
}
