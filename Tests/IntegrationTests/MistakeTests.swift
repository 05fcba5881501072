import DrydockTestSupport
import Foundation
import Testing

/// Mistakes at the command line, and what is said to them.
@Suite struct MistakeTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    var words: [String]
    var status: Int32 = 64
    var error: String
    var testDescription: String { words.joined(separator: " ") }
  }

  static let manifest = """
    resources:
      files: { type: efs }
    services:
      web: { image: web, resources: [files] }
    """

  static let mistakes = [
    Mistake(
      words: ["help", "chekc"], error: "no command is called chekc\n  did you mean check? there is up, "),
    Mistake(words: ["help", "bogus"], error: "no command is called bogus\n  there is up, "),
    Mistake(words: ["help", "env", "sett"], error: "no command of env is called sett\n  did you mean set? "),
    Mistake(words: ["env", "sett", "A=B"], error: "no command of env is called sett\n  did you mean set? "),
    Mistake(words: ["env", "sett"], error: "no service is called sett\n  did you mean drydock env set?"),
    Mistake(words: ["env", "wbe"], error: "no service is called wbe\n  did you mean web?\n"),
    Mistake(
      words: ["up", "--port", "files=abc"],
      error:
        "'files=abc' is invalid for '--port <name=port>': a port is a number from 1 to 65535, not 'abc'\n"),
    Mistake(
      words: ["up", "--port", "files"],
      error: "'files' is invalid for '--port <name=port>': it takes NAME=PORT\n"),
    Mistake(
      words: ["up", "--port", "files=15001", "--port", "files=15002"], error: "--port names files twice\n"),
    Mistake(
      words: ["up", "--port", "files=15001", "--port", "other=15001"],
      error: "--port gives 15001 to files and to other\n"),
    Mistake(words: ["ps", "--app", "another"], error: "no app is called another\n  there is app\n"),
    Mistake(
      words: ["env", "web", "--format", "json", "--write", "x.json"],
      error: "a marked block of other lines cannot be kept in JSON\n"),
    Mistake(
      words: ["up", "--app", "Bad name!"],
      error: "app name Bad name! invalid, must be lowercase letters, digits and dashes"),
    Mistake(words: ["run", "web"], error: "no command to run, and the manifest has none for web\n"),
    Mistake(
      words: ["env", "web", "--for", "container"], status: 1,
      error: "app runs natively, on 127.0.0.1, where no container reaches it\n"),
  ]

  @Test("A mistake is told once, with what was meant")
  func mistakes() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      try await app.up()
      for mistake in Self.mistakes {
        let result = try await app.start(mistake.words).result()
        #expect(
          result.status == mistake.status && result.stderr.contains(mistake.error), "\(mistake): \(result)")
        #expect(result.stdout.isEmpty, "\(mistake): \(result)")
      }
    }
  }

  @Test("--app names the app that a fresh folder is going to be, for every command that comes before up")
  func newName() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      for words in [["manifest"], ["check"], ["env", "set", "A=B"], ["up"], ["env", "get", "A"]] {
        let result = try await app.start(words + ["--app", "chosen"]).result()
        #expect(result.status == 0, "\(words): \(result)")
      }
      #expect(try await app.ps()["files"]?.app == "chosen")
      #expect(try await app.drydock("env", "get", "A").stdout == "B\n")
    }
  }

  @Test("A convox.yml that is a folder is called that")
  func folder() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let other = app.folder.appending(path: "other")
      let manifest = other.appending(path: "convox.yml")
      try FileManager.default.createDirectory(at: manifest, withIntermediateDirectories: true)
      for words in [["up"], ["check"], ["manifest", "-m", "convox.yml"]] {
        let result = try await app.inFolder(other).start(words).result()
        #expect(
          result.status == 66 && result.stderr.contains("convox.yml is a folder"), "\(result)")
      }
    }
  }

  @Test("In a folder that was removed: an error at once, and what needs none goes on")
  func removedFolder() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      try await app.up()
      var lost = app
      lost.prefix = ["sh", "-c", "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"", "sh"]
      for words in [
        ["ps"], ["up"], ["down"], ["env", "web"], ["check"], ["check", "-m", "convox.yml"], ["run", "web"],
      ] {
        let result = try await lost.start(words).result(within: .seconds(60))
        #expect(
          result.status == 66 && result.stderr.contains("the current folder is gone"), "\(words): \(result)")
      }
      let everywhere = [
        ["ps", "--all"], ["ps", "--app", "app"], ["env", "web", "--app", "app"], ["doctor"], ["version"],
        ["down", "--all"],
      ]
      for words in everywhere {
        let result = try await lost.start(words).result(within: .seconds(60))
        #expect(result.status == 0, "\(words): \(result)")
      }
    }
  }

  @Test("A resource with an error of its own is not called missing where it is linked")
  func brokenResource() async throws {
    let manifest = Self.manifest.replacing("type: efs", with: "type: esf")
    try await withApp(manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let result = try await app.drydock("check")
      #expect(
        result.status == 65 && (result.stdout + result.stderr).contains("no such resource type: esf"),
        "\(result)")
      #expect(!(result.stdout + result.stderr).contains("there is no such resource"), "\(result)")
    }
  }

  @Test("down in JSON says which app it is, and deleting the data leaves no folder of it")
  func down() async throws {
    struct Stopped: Decodable { var app: String, resource: String, dataDeleted: Bool }
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      try await app.up()
      let engines = try #require(try await app.ps()["files"]?.directory).components(separatedBy: "/files")
        .first
      #expect(FileManager.default.fileExists(atPath: try #require(engines)))
      let result = try await app.drydock("down", "--all", "--delete-data", "--yes", "--format", "json")
      let stopped: [Stopped] = try result.decode()
      #expect(stopped.map(\.app) == ["app"] && stopped.first?.dataDeleted == true)
      #expect(!FileManager.default.fileExists(atPath: try #require(engines)))
    }
  }
}
