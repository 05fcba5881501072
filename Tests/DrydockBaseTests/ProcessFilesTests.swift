import Testing

@testable import DrydockBase

@Suite struct ProcessFilesTests {
  @Test func theCommonPlaceIsRight() throws {
    try ProcessFiles.check()
    try ProcessFiles.check(selfLink: "17", pid: 17)
  }

  @Test(arguments: [nil, "18", "1", ""])
  func anotherNamespaceIsRefused(link: String?) {
    let error = #expect(throws: DrydockError.self) { try ProcessFiles.check(selfLink: link, pid: 17) }
    #expect(error?.code == .unavailable && error?.message.hasPrefix("/proc ") == true)
  }
}
