import DrydockTestSupport
import Testing

/// The app env of a rack beside the local one, in every command that takes one.
@Suite struct RackEnvironmentTests {
  @Test("run takes the local app env, or the rack's that it is given, whatever the last up took")
  func run() async throws {
    let manifest = """
      resources:
        files: { type: efs }
      services:
        web: { image: web, environment: [GREETING=none], resources: [files] }
      """
    try await withApp(manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let rack = ["--rack", "acme/production"]
      #expect(try await app.drydock("env", "set", "GREETING=near").status == 0)
      #expect(try await app.start(["env", "set", "GREETING=far"] + rack).result().status == 0)
      let words = ["web", "--", "sh", "-c", "echo $GREETING"]
      try await app.up()
      let local = try await app.start(["run"] + words).result()
      #expect(local.stdout == "near\n" && local.stderr.isEmpty, "\(local)")
      #expect(try await app.start(["up"] + rack).result().status == 0)
      let after = try await app.start(["run"] + words).result()
      #expect(after.stdout == "near\n" && after.stderr.contains("--rack acme/production"), "\(after)")
      let far = try await app.start(["run"] + rack + words).result()
      #expect(far.stdout == "far\n" && far.stderr.isEmpty, "\(far)")
      #expect(try await app.start(["env", "web"] + rack).result().stdout.contains("GREETING=far"))
      let unknown = try await app.start(["run", "--rack", "acme/prodution"] + words).result()
      #expect(unknown.stdout == "none\n" && unknown.stderr.contains("acme/production"), "\(unknown)")
    }
  }
}
