import DrydockTestSupport
import Foundation
import Testing

/// Limits that the caller sets: of open files, of processes, of memory.
@Suite struct LimitTests {
  private static func manifest(_ count: Int) -> String {
    let names = (1...count).map { "cache\($0)" }
    let resources = names.map { "  \($0): { type: redis, options: { version: \"7.0\" } }\n" }.joined()
    return
      "resources:\n\(resources)services:\n  web: { image: web, resources: [\(names.joined(separator: ", "))] }\n"
  }

  /// The app under limits of a shell.
  private func limited(_ app: AppFixture, _ limits: String) -> AppFixture {
    var limited = app
    limited.prefix = ["/bin/bash", "-c", "\(limits); exec \"$@\"", "sh"]
    return limited
  }

  @Test("Many resources come up where only few files may be open", .nativeEngines)
  func manyResources() async throws {
    try await withApp(Self.manifest(40), AppOptions(runtime: "native")) { app in
      // Both limits: nothing can be raised.
      let app = limited(app, "ulimit -n 128")
      let steps = try await app.up()
      #expect(steps.count == 40)
      // A probe of forty may take too long for one look on a busy machine.
      try await eventually("all of them running") {
        try await app.ps().values.allSatisfy { $0.status == "running" }
      }
      #expect(try await app.drydock("down").status == 0)
    }
  }

  @Test("drydock raises its own limit of open files, and gives a command the caller's", .nativeEngines)
  func limitOfCommands() async throws {
    try await withApp(Self.manifest(1), AppOptions(runtime: "native")) { app in
      let app = limited(app, "ulimit -Sn 100")
      try await app.up()
      let run = try await app.drydock("run", "web", "--", "/bin/sh", "-c", "ulimit -Sn")
      #expect(run.status == 0 && run.stdout == "100\n", "\(run)")
    }
  }

  @Test(
    "Too few files to go on with is what it says, and nothing is called missing",
    arguments: [["up", "--dry-run"], ["ps"], ["env"], ["doctor"], ["rack", "status"]])
  func tooFewFiles(_ command: [String]) async throws {
    try await withApp(Self.manifest(1), AppOptions(runtime: "native", isHeavy: false)) { app in
      let result = try await limited(app, "ulimit -n 24").start(command).result()
      #expect(result.status == 1 && result.stdout.isEmpty, "\(result)")
      #expect(result.stderr.contains("ulimit -n") && !result.stderr.contains("not installed"), "\(result)")
    }
  }

  @Test("Too few processes, or memory for their stacks, is an error, and no wait for ever")
  func tooFewThreads() async throws {
    try await withApp(Self.manifest(1), AppOptions(runtime: "native", isHeavy: false)) { app in
      // Root is bound by no number of processes. The stacks are what has no room: they are larger than all of it.
      let limits = getuid() == 0 ? "ulimit -s 1000000; ulimit -v 3000000" : "ulimit -u 2"
      let result = try await limited(app, limits).drydock("ps")
      #expect(result.status == 1 && result.stdout.isEmpty, "\(result)")
      #expect(result.stderr.contains("too few threads") && result.stderr.contains("ulimit -"), "\(result)")
    }
  }
}
