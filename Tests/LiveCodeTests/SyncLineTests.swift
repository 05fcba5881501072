import Testing

@testable import LiveCode

@Suite("Lines about a sync") struct SyncLineTests {
  @Test(
    arguments: [
      (["app.py"], [], "sync: 1 file to web: app.py"),
      (["a", "b", "c"], [], "sync: 3 files to web: a, b, c"),
      (["a", "b", "c", "d"], [], "sync: 4 files to web: a, b, c, …"),
      ([], ["a", "b"], "sync: 2 files removed from web: a, b"),
      (["a"], ["b"], "sync: 1 file to web: a; 1 removed: b"),
      ([], [], nil),
    ] as [([String], [String], String?)])
  func namesAFew(_ put: [String], _ removed: [String], _ line: String?) {
    #expect(SyncLine.text(put, removed, of: "web") == line)
  }

  @Test func aLongPathKeepsItsEnd() throws {
    let path = String(repeating: "folder/", count: 200) + "file.py"
    let line = try #require(SyncLine.text([path], [], of: "web"))
    #expect(line.hasPrefix("sync: 1 file to web: …") && line.hasSuffix("folder/file.py"))
    #expect(line.unicodeScalars.count == "sync: 1 file to web: ".count + 60)
  }
}
