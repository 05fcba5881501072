import DrydockBase
import DrydockTestSupport
import Foundation
import Testing

@testable import ImageBuilds

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a file of a test's tree, and the folders above it.
func write(_ path: String, _ text: String = "", in folder: URL) throws {
  let file = folder.appendingPathComponent(path)
  try FileManager.default.createDirectory(
    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: file)
}

/// All that a context sends.
func sent(_ context: BuildContext, substitutes: [String: [UInt8]] = [:]) async throws -> [UInt8] {
  let stream = ContextStream(context, substitutes: substitutes)
  var archive: [UInt8] = []
  while let piece = try await stream.next() { archive += piece }
  return archive
}

@Suite struct ContextStreamTests {
  private func context(_ folder: URL, _ path: String = ".", _ manifest: String = "Dockerfile") throws
    -> BuildContext
  {
    try BuildContext(app: folder.path, path: path, manifest: manifest)
  }

  private func names(_ archive: [UInt8]) throws -> [String] { try tarMembers(archive).map(\.name) }

  @Test func sendsFilesModesAndLinks() async throws {
    try await withTestFolder { folder in
      let long = String(repeating: "d", count: 90) + "/" + String(repeating: "é", count: 60)
      try write("Dockerfile", "FROM scratch\n", in: folder)
      try write("bin/run", "#!", in: folder)
      try write(long, "deep", in: folder)
      try write("empty", in: folder)
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("nothing"), withIntermediateDirectories: false)
      chmod(folder.appendingPathComponent("bin/run").path, 0o4755)
      symlink("/etc/passwd", folder.appendingPathComponent("out").path)
      symlink(String(repeating: "../", count: 50), folder.appendingPathComponent("up").path)
      mkfifo(folder.appendingPathComponent("pipe").path, 0o600)
      let members = try tarMembers(try await sent(try context(folder)))
      #expect(
        members.map(\.name) == [
          "Dockerfile", "bin/", "bin/run", String(repeating: "d", count: 90) + "/", long, "empty", "nothing/",
          "out", "up",
        ])
      let found = Dictionary(members.map { ($0.name, $0) }) { $1 }
      #expect(found["bin/run"]?.mode == 0o4755)
      #expect(found["bin/run"]?.owner == 0)
      #expect(found[long]?.content == Array("deep".utf8))
      #expect(found["out"]?.type == "2")
      #expect(found["out"]?.link == "/etc/passwd")
      #expect(found["up"]?.link == String(repeating: "../", count: 50))
    }
  }

  /// A whole archive, by the judgement of another program.
  @Test func theSystemsTarTakesALargeTree() async throws {
    try await withTestFolder { folder in
      let app = folder.appendingPathComponent("app")
      try write("Dockerfile", "FROM scratch\n", in: app)
      let large = Data((0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      try large.write(to: app.appendingPathComponent("large"))
      for number in 0..<300 { try write("many/\(number)", "\(number)", in: app) }
      let archive = folder.appendingPathComponent("a.tar")
      try Data(try await sent(try context(app))).write(to: archive)
      let out = folder.appendingPathComponent("out")
      try FileManager.default.createDirectory(at: out, withIntermediateDirectories: false)
      let unpacked = try await runProgram("tar", ["-xf", archive.path, "-C", out.path], in: folder)
      #expect(unpacked.status == 0)
      let compared = try await runProgram("diff", ["-r", app.path, out.path], in: folder)
      #expect(compared.status == 0)
    }
  }

  @Test func aFileThatShrinksIsFilledUp() async throws {
    try await withTestFolder { folder in
      try write("Dockerfile", "FROM scratch\n", in: folder)
      let file = folder.appendingPathComponent("a")
      try Data(repeating: 7, count: 1_000_000).write(to: file)
      try write("b", "after", in: folder)
      let stream = ContextStream(try context(folder))
      var archive = try #require(try await stream.next())
      truncate(file.path, 300_000)
      while let piece = try await stream.next() { archive += piece }
      let members = try tarMembers(archive)
      #expect(members.map(\.name) == ["Dockerfile", "a", "b"])
      #expect(members[1].content.count == 1_000_000)
      #expect(members[1].content.prefix(200_000).allSatisfy { $0 == 7 })
      #expect(members[1].content.last == 0)
      #expect(members[2].content == Array("after".utf8))
    }
  }

  @Test func aFileThatGrowsIsCut() async throws {
    try await withTestFolder { folder in
      try write("Dockerfile", "FROM scratch\n", in: folder)
      let file = folder.appendingPathComponent("a")
      try Data(repeating: 7, count: 600_000).write(to: file)
      try write("b", "after", in: folder)
      let stream = ContextStream(try context(folder))
      var archive = try #require(try await stream.next())
      try Data(repeating: 7, count: 900_000).write(to: file)
      while let piece = try await stream.next() { archive += piece }
      let members = try tarMembers(archive)
      #expect(members[1].content.count == 600_000)
      #expect(members[2].content == Array("after".utf8))
    }
  }

  @Test func itsOwnFolderNeverTravelsAndGitDoes() async throws {
    try await withTestFolder { folder in
      try write("Dockerfile", "FROM scratch\n", in: folder)
      try write(".drydock/env", "SECRET=1", in: folder)
      try write("sub/.drydock/env", "SECRET=1", in: folder)
      try write(".git/HEAD", "ref", in: folder)
      try write(".dockerignore", "!.drydock\n", in: folder)
      #expect(
        try names(try await sent(try context(folder))) == [
          ".dockerignore", ".git/", ".git/HEAD", "Dockerfile", "sub/",
        ])
    }
  }

  @Test func theRootsRulesAndTheFoldersOwnBothCount() async throws {
    try await withTestFolder { folder in
      try write(".dockerignore", "web/secret\n**/*.log\nweb/Dockerfile\n", in: folder)
      try write("web/.dockerignore", "tmp\nDockerfile\n", in: folder)
      for path in ["Dockerfile", "secret", "a.log", "tmp/x", "app.rb"] {
        try write("web/\(path)", "FROM scratch\n", in: folder)
      }
      let context = try context(folder, "web/")
      #expect(try names(try await sent(context)) == [".dockerignore", "Dockerfile", "app.rb"])
      #expect(context.ignoreFiles == ["web/.dockerignore", ".dockerignore"])
    }
  }

  @Test func buildKitTakesTheIgnoreFileOfTheDockerfile() async throws {
    try await withTestFolder { folder in
      try write("dev/Dockerfile", "FROM scratch\nCOPY --link a b\n", in: folder)
      try write("dev/Dockerfile.dockerignore", "a\n", in: folder)
      try write("a", in: folder)
      #expect(!(try names(try await sent(try context(folder, ".", "dev/Dockerfile"))).contains("a")))
      try write("dev/Dockerfile", "FROM scratch\nCOPY a b\n", in: folder)
      #expect(try names(try await sent(try context(folder, ".", "dev/Dockerfile"))).contains("a"))
    }
  }

  @Test func putsOtherContentInAFilesPlaceAndFilesBesides() async throws {
    try await withTestFolder { folder in
      try write("Dockerfile", "FROM scratch\n", in: folder)
      try write("z", in: folder)
      let archive = try await sent(
        try context(folder), substitutes: ["Dockerfile": Array("other".utf8), ".x": [1]])
      let members = try tarMembers(archive)
      #expect(members.map(\.name) == ["Dockerfile", "z", ".x"])
      #expect(members[0].content == Array("other".utf8))
      #expect(members[2].content == [1])
    }
  }

  @Test(arguments: [
    ("../other", "Dockerfile", "outside"), ("/etc", "Dockerfile", "outside"),
    ("link", "Dockerfile", "outside"),
    ("absolute", "Dockerfile", "outside"), (".", "../Dockerfile", "leads out"), (".", "stolen", "leads out"),
    (".", "none", "there is no none"), ("none", "Dockerfile", "there is no folder none"),
    (".", "sub", "is no file"),
    ("Dockerfile", "Dockerfile", "is no folder"), (".", "pipe", "is no file"),
  ])
  func nothingLeadsOut(_ path: String, _ manifest: String, _ words: String) async throws {
    try await withTestFolder { folder in
      let app = folder.appendingPathComponent("app")
      try write("Dockerfile", "FROM scratch\n", in: app)
      try write("sub/x", in: app)
      try write("Dockerfile", "FROM scratch\n", in: folder)
      try write("other/Dockerfile", "FROM scratch\n", in: folder)
      symlink("../other", app.appendingPathComponent("link").path)
      symlink(folder.path + "/other", app.appendingPathComponent("absolute").path)
      symlink("../Dockerfile", app.appendingPathComponent("stolen").path)
      mkfifo(app.appendingPathComponent("pipe").path, 0o600)
      let error = try #require(throws: DrydockError.self) { _ = try context(app, path, manifest) }
      #expect(error.code == .manifestInvalid)
      #expect(error.message.contains(words), "\(error.message)")
    }
  }

  @Test func aLinkInsideIsFollowed() async throws {
    try await withTestFolder { folder in
      try write("docker/Dockerfile.dev", "FROM scratch\nCMD x\n", in: folder)
      try write("docker/web/app.rb", in: folder)
      symlink("docker/Dockerfile.dev", folder.appendingPathComponent("Dockerfile").path)
      symlink("docker/web", folder.appendingPathComponent("web").path)
      #expect(try context(folder).dockerfile.stages[0].instructions.count == 1)
      let outside = try context(folder, "web", "../Dockerfile.dev")
      #expect(outside.dockerfilePath == nil)
      #expect(try names(try await sent(outside)) == ["app.rb"])
    }
  }

  @Test func digestsTellWhatChanged() async throws {
    try await withTestFolder { folder in
      try write("Dockerfile", "FROM scratch\n", in: folder)
      try write(".dockerignore", "tmp\n", in: folder)
      try write("a", "1", in: folder)
      func content() async throws -> String { try await ContextDigest(try context(folder)).content() }
      let first = try await content()
      try write("tmp/x", in: folder)
      try write("a", "1", in: folder)
      #expect(try await content() == first)
      try write("a", "2", in: folder)
      let second = try await content()
      #expect(second != first)
      chmod(folder.appendingPathComponent("a").path, 0o755)
      let third = try await content()
      #expect(third != second)
      rename(folder.appendingPathComponent("a").path, folder.appendingPathComponent("b").path)
      #expect(try await content() != third)
      // Something was changed just now.
      #expect(try await ContextDigest(try context(folder)).look() == nil)
    }
  }

  @Test func alikeLooksNeedNoReading() async throws {
    try await withTestFolder { folder in
      try write("Dockerfile", "FROM scratch\n", in: folder)
      func look() async throws -> String? { try await ContextDigest(try context(folder)).look() }
      var first: String?
      try await eventually("a moment after the change") {
        first = try await look()
        return first != nil
      }
      #expect(try await look() == first)
      try write("Dockerfile", "FROM scratcH\n", in: folder)
      #expect(try await look() != first)
    }
  }
}
