import ConvoxManifest
import ImageBuilds
import Testing

@testable import Services

@Suite struct OwnCommandTests {
  @Test(arguments: [
    "bin/web", "npm start", "bundle exec rails s -p $PORT -b \"0.0.0.0\"", "node server.js --name='a b'",
    "./run ${MODE}", "échange",
  ])
  func aShellBecomesOneProgram(text: String) {
    #expect(OwnCommand.shell(text).arguments(keeper: "/k") == ["/bin/sh", "-c", "exec \(text)"])
  }

  @Test(arguments: [
    "bin/a && bin/b", "bin/a; bin/b", "bin/a | tee x", "A=1 bin/web", "$RUN web", "cd app", "exec bin/web",
    "bin/a\nbin/b",
    "bin/web # note", "bin/web > log", "bin/web &", "(bin/web)", "`which web`", "$(which web)", "if true",
    "~/bin/web",
    "echo hi", "bin/web *", "{ bin/web", "'bin/web'", "bin/web \\", " ", "", "-x",
  ])
  func signalsReachAllThatAShellRuns(text: String) {
    #expect(OwnCommand.shell(text).arguments(keeper: "/k") == ["/k", "--stand-in", "/bin/sh", "-c", text])
    #expect(OwnCommand.shell(text).arguments(keeper: nil) == ["/bin/sh", "-c", text])
  }

  /// Bug: `exec gunicorn` was refused, since no program is called exec.
  @Test(arguments: [
    ("bin/web -x", "bin/web"), ("exec bin/web -x", "bin/web"), ("exec  gunicorn", "gunicorn"),
    ("exec $WEB", nil),
    ("exec", nil), ("bin/a && bin/b", nil), ("A=1 exec b", nil),
  ])
  func theProgramIsTheOneThatTheShellBecomes(text: String, program: String?) {
    #expect(OwnCommand.shell(text).program == program)
  }

  @Test(arguments: [
    ("FROM x\nCMD bin/web -p $PORT", OwnCommand.shell("bin/web -p $PORT")),
    ("FROM x\nCMD [\"bin/web\", \"-p\"]", .words(["bin/web", "-p"])),
    ("FROM x\nENTRYPOINT [\"run\"]\nCMD [\"web\"]", .words(["run", "web"])),
    ("FROM x\nENTRYPOINT run it\nCMD [\"web\"]", .words(["/bin/sh", "-c", "run it"])),
    ("FROM x\nSHELL [\"/bin/bash\", \"-c\"]\nCMD a b", .words(["/bin/bash", "-c", "a b"])),
    ("FROM x AS development\nCMD dev\nFROM x\nCMD prod", .shell("dev")), ("FROM x\nRUN true", nil),
  ])
  func withoutACommandTheDockerfileSaysIt(text: String, command: OwnCommand?) throws {
    let file = try Dockerfile(Array(text.utf8), path: "Dockerfile")
    #expect(OwnCommand(try file.running(development: true)) == command)
  }

  @Test func aListIsTakenWordByWord() {
    let words = ["sh", "-c", "echo hi there; true"]
    #expect(OwnCommand.words(words).arguments(keeper: "/k") == words)
    let place = SourceLocation(file: "convox.yml", line: 1, column: 1)
    #expect(
      OwnCommand(Service(name: "web", command: "a b", argv: ["a", "b"], location: place))
        == .words(["a", "b"]))
    #expect(OwnCommand(Service(name: "web", command: "a b", location: place)) == .shell("a b"))
    #expect(OwnCommand(Service(name: "web", location: place)) == nil)
  }
}
