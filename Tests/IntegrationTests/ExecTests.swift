import DrydockTestSupport
import Foundation
import Testing

/// Commands beside services that run.
@Suite("Commands beside services") struct ExecTests {
  private static let manifest = """
    resources:
      files: { type: efs }
    services:
      web:
        command: [/bin/sh, -c, 'exec sleep 600']
        scale: 2
        environment: [WORD=first]
        resources: [files]
        volumes: ["files:/mnt/files"]
      idle: { command: sleep 600, scale: 0 }
    """

  @Test("beside a process: its variables and folder, pipes, codes, signals and a terminal")
  func process() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let before = try await app.drydock("exec", "web", "--", "true")
      #expect(before.status == 1)
      #expect(before.stderr.contains("drydock start"), "\(before)")
      try #require(try await app.drydock("start", "--detach", "--no-mounts").status == 0)
      let shell = ["sh", "-c", "echo $WORD $SERVICE ${OWN-none}; pwd; cat; exit 7"]
      let result = try await app.start(
        ["exec", "web", "--"] + shell, environment: ["OWN": "caller's"], input: "\u{0}\u{1}piped"
      ).result()
      #expect(result.status == 7)
      #expect(result.stdout == "first web none\n\(app.folder.path)\n\u{0}\u{1}piped")
      #expect(try await app.drydock("exec", "web.2", "true").status == 0)
      #expect(try await app.drydock("exec", "web", "no-such-program").status == 127)
      #expect(try await app.drydock("exec", "web", "sh", "-c", "kill -9 $$").status == 128 + SIGKILL)
      let terminal = try await app.typing(
        [("ready", "\u{3}")], "exec", "web", "--", "sh", "-c", Self.waiting)
      #expect(terminal.status == 3)
      #expect(terminal.stdout.contains("33 111"), "\(terminal)")
      try await refusals(app)
    }
  }

  /// Waits for Ctrl-C on a terminal, once that has its size: Docker takes it only for a command that runs already.
  private static let waiting = """
    trap 'exit 3' INT; until stty size | grep '33 111'; do sleep 0.1; done
    echo ready; while :; do sleep 0.1; done
    """

  private func refusals(_ app: AppFixture) async throws {
    for (name, status, text) in [
      ("wbe", Int32(64), "did you mean web"), ("web.3", 64, "web.1"), ("idle", 1, "scaled to 0"),
    ] {
      let refused = try await app.drydock("exec", name, "true")
      #expect(refused.status == status)
      #expect(refused.stderr.contains(text), "\(refused)")
    }
    let none = try await app.drydock("exec", "web")
    #expect(none.status == 64)
    #expect(none.stderr.contains("no command"), "\(none)")
  }

  @Test("beside a process: its efs volume at its path", .mounts)
  func mounts() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      try #require(try await app.drydock("start", "--detach").status == 0)
      #expect(try await app.drydock("exec", "web.1", "sh", "-c", "echo kept > /mnt/files/word").status == 0)
      #expect(try await app.drydock("exec", "web.2", "cat", "/mnt/files/word").stdout == "kept\n")
    }
  }

  private func sleeps(_ app: AppFixture) async throws -> Bool {
    try await app.drydock("exec", "worker", "--", "sh", "-c", "grep -q 471[1] /proc/[0-9]*/cmdline").status
      == 0
  }

  @Test(
    "in a container: pipes with every byte, codes, a terminal, signals",
    .images("base:bookworm"))
  func container() async throws {
    let manifest = """
      services:
        worker: { image: drydock/base:bookworm, command: sleep 600, environment: [WORD=first] }
      """
    try await withApp(manifest, AppOptions(runtime: "docker")) { app in
      try #require(try await app.drydock("start", "--detach").status == 0)
      let bytes = #"import os; os.write(1, bytes(range(256)) * 400)"#
      let pipe = "python3 -c '\(bytes)' | \"$0\" exec worker -- sh -c 'cat; echo $WORD >&2; exit 200' | cksum"
      let drydock = try app.drydockPath ?? BuiltProducts.executable("drydock")
      let piped = try await app.program("bash", "-c", "set -o pipefail; \(pipe)", drydock)
      let expected = try await app.program("bash", "-c", "python3 -c '\(bytes)' | cksum")
      #expect(piped.status == 200 && piped.stdout == expected.stdout && piped.stderr == "first\n", "\(piped)")
      let terminal = try await app.typing(
        [("ready", "\u{3}")], "exec", "worker", "--", "sh", "-c", Self.waiting)
      #expect(terminal.status == 3)
      #expect(terminal.stdout.contains("33 111"), "\(terminal)")
      // Signals too, where there is no terminal.
      let waiting = try app.start(
        [
          "exec", "worker", "--", "sh", "-c",
          "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.1; done",
        ]
      )
      try await eventually("it runs") { waiting.stdout.contains("ready") }
      waiting.send(SIGTERM)
      let told = try await waiting.result()
      #expect(told.status == 9 && told.stdout.contains("told"), "\(told)")
      // Nor does it go on where whoever asked for it was killed.
      let killed = try app.start(["exec", "worker", "--", "sleep", "4711"])
      try await eventually("it runs") { try await sleeps(app) }
      killed.send(SIGKILL)
      _ = try await killed.result()
      try await eventually("it has ended", within: .seconds(30)) { try await !sleeps(app) }
    }
  }
}
