import DrydockBase
import Testing

@testable import ImageBuilds

@Suite struct IgnoreFileTests {
  private func rules(_ text: String, keeping kept: [String] = []) throws -> IgnoreFile {
    try IgnoreFile(Array(text.utf8), path: ".dockerignore", keeping: kept)
  }

  @Test(
    arguments: [
      ("a", ["a", "a/b"], ["b", "b/a", "ab"]),
      ("/a/", ["a", "a/b/c"], ["b/a"]),
      ("./a//b", ["a/b"], ["a"]),
      ("x/../a", ["a"], ["x"]),
      ("*.md", ["a.md", ".md"], ["d/a.md"]),
      ("*/t*", ["d/t", "d/tmp/x"], ["tmp", "a/b/t"]),
      ("a?", ["ab"], ["a", "abc", "a/"]),
      ("**/a", ["a", "d/a", "d/e/a/x"], ["ba", "d/ba"]),
      ("**a", ["a", "ba", "d/ba"], ["ab"]),
      ("a/**", ["a/b", "a/b/c"], ["a", "ab"]),
      ("a/**/z", ["a/z", "a/b/c/z"], ["a/bz", "az"]),
      ("**", ["a", ".a", "d/e"], []),
      ("**/*.rb", ["a.rb", "d/e/a.rb"], ["a.rbx"]),
      ("[a-c]x", ["ax", "cx"], ["dx", "-x"]),
      ("[^a]x", ["bx"], ["ax"]),
      ("a.b", ["a.b"], ["axb"]),
      ("a+(b)", ["a+(b)"], ["aab"]),
      (#"\*"#, ["*"], ["a"]),
      ("# a\n a \n\n\t\n", ["a"], ["# a"]),
      (" # a", ["# a"], ["a"]),
      ("\u{feff}a\r\nb\r\n", ["a", "b"], ["\u{feff}a"]),
      ("*\n!a", ["b", "d/x"], ["a", "a/x"]),
      ("d\n!d/keep\n", ["d/x", "d/keep2"], ["d/keep", "d/keep/x"]),
      ("!a\na", ["a"], []),
      ("d/*\n!d/a\nd/a/x", ["d/b", "d/a/x"], ["d/a", "d/a/y"]),
      ("é*", ["été"], ["e\u{301}te"]),
      (".", [], ["a"]),
      ("../a", [], ["a"]),
    ] as [(String, [String], [String])])
  func leavesBehind(_ text: String, _ ignored: [String], _ sent: [String]) throws {
    let rules = try rules(text)
    for path in ignored { #expect(rules.ignores(path), "\(path)") }
    for path in sent { #expect(!rules.ignores(path), "\(path)") }
  }

  @Test func keepsWhatTheBuildNeeds() throws {
    let rules = try rules("*\n!app", keeping: [".dockerignore", "docker/Dockerfile"])
    #expect(!rules.ignores(".dockerignore"))
    #expect(!rules.ignores("docker/Dockerfile"))
    #expect(rules.ignores("docker"))
    #expect(rules.ignores("docker/other"))
    #expect(!rules.ignores("app/x"))
  }

  /// Folders are left unread only where nothing in them may be taken back.
  @Test func looksThroughAFolderForWhatIsTakenBack() throws {
    let rules = try rules("node_modules\nvendor\n!vendor/gems/a\n!**/keep")
    #expect(rules.folder("node_modules", in: nil).isSkipped)
    #expect(!rules.folder("vendor", in: nil).isSkipped)
    let vendor = rules.folder("vendor", in: nil)
    #expect(rules.folder("vendor/gemsx", in: vendor).isSkipped)
    #expect(!rules.folder("vendor/gems", in: vendor).isSkipped)
  }

  @Test(arguments: [
    ("a\n!", 2, "takes nothing back"), ("[", 1, "has a bracket that is not closed, or with nothing in it"),
    ("[]a]", 1, "has a bracket that is not closed, or with nothing in it"), ("a\\", 1, "ends in a backslash"),
    ("[z-a]", 1, "has a range whose end is before its beginning"),
  ])
  func refusesWhatDockerRefuses(_ text: String, _ line: Int, _ reason: String) throws {
    let error = try #require(throws: IgnoreFileError.self) { _ = try rules(text) }
    #expect(error.line == line)
    #expect(error.message.hasSuffix(reason))
    #expect(error.drydockError(place: "").code == .manifestInvalid)
  }

  /// A pattern that a backtracking matcher would not be through with before the sun is cold.
  @Test func starsCostNothing() throws {
    let rules = try rules(
      String(repeating: "*a", count: 50) + "b\n" + String(repeating: "**/", count: 50) + "x*")
    #expect(!rules.ignores(String(repeating: "a", count: 300)))
    #expect(!rules.ignores(Array(repeating: "d", count: 20).joined(separator: "/")))
  }
}
