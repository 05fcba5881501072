import DrydockTestSupport
import Foundation
import Testing

/// The terminals of services.
@Suite("Terminals of services") struct AttachTests {
  private static let talker =
    "trap 'echo told' INT; while :; do printf 'say> '; read line && echo \"heard $line of $(stty size)\"; done"

  private func talk(_ app: AppFixture) async throws {
    let first = try await app.typing(
      [("at the terminal", "hello\r"), ("heard hello of 33 111", "\u{10}\u{11}")], "attach", "talker")
    #expect(first.status == 0)
    #expect(first.stdout.contains("left talker.1, which goes on"), "\(first)")
    // Ctrl-C is the service's.
    let second = try await app.typing(
      [("at the terminal", "\u{3}"), ("told", "\u{10}\u{11}")], "attach", "talker.1")
    #expect(second.status == 0)
    #expect(second.stdout.contains("left talker.1"), "\(second)")
    let log = try await app.drydock("logs", "talker")
    #expect(log.stdout.contains("heard hello of 33 111\n"), "\(log)")
  }

  @Test("attach to a process: keys and Ctrl-C are the service's, and it goes on without anybody")
  func process() async throws {
    let manifest = """
      services:
        talker: { command: [/bin/sh, -c, "\(Self.talker.replacing("\"", with: "\\\""))"] }
        mute: { command: sleep 600 }
      """
    try await withApp(manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      try app.write("tty: [talker]\n", to: "drydock.yml")
      try #require(try await app.drydock("start", "--detach").status == 0)
      try await talk(app)
      let mute = try await app.typing([], "attach", "mute")
      #expect(mute.status == 1)
      #expect(mute.stdout.contains("drydock start --tty mute"), "\(mute)")
      let piped = try await app.drydock("attach", "talker", input: "hello")
      #expect(piped.status == 64)
      #expect(piped.stderr.contains("drydock logs -f talker"), "\(piped)")
    }
  }

  @Test("attach to a container: the same, with start --tty", .images("base:bookworm"))
  func container() async throws {
    let manifest = """
      services:
        talker: { image: drydock/base:bookworm, command: "\(Self.talker.replacing("\"", with: "\\\""))" }
      """
    try await withApp(manifest, AppOptions(runtime: "docker")) { app in
      try #require(try await app.drydock("start", "--detach", "--tty", "talker").status == 0)
      try await talk(app)
      let unknown = try await app.drydock("start", "--tty", "tlaker")
      #expect(unknown.status == 64 && unknown.stderr.contains("did you mean talker"), "\(unknown)")
    }
  }
}
