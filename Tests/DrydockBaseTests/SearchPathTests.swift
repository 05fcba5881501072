import DrydockBase
import Testing

@Suite("Where programs are searched for")
struct SearchPathTests {
  @Test(
    "Only absolute folders are",
    arguments: [
      ("/usr/bin:/bin", ["/usr/bin", "/bin"]), (".:/bin", ["/bin"]), (":/bin::", ["/bin"]), ("", []),
      ("bin:../bin:/a/../bin", ["/a/../bin"]), ("/a:\u{301}b:/c", ["/a", "/c"]),
    ])
  func absolute(_ path: String, _ folders: [String]) {
    #expect(SearchPath.folders(path) == folders)
  }

  @Test("Without a path there are none") func none() { #expect(SearchPath.folders(nil).isEmpty) }
}
