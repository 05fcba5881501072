import Foundation
import Testing

@testable import Essentials

@Suite("The paths below a folder")
struct SubpathsTests {
  @Test("Every depth, no link followed, a file or nothing gives nothing")
  func subpaths() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "subpaths-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    let path = root.path(percentEncoded: false)
    let inner = root.appending(path: "a/b")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    try Data("x".utf8).write(to: inner.appending(path: "file"))
    try FileManager.default.createSymbolicLink(atPath: "\(path)/link", withDestinationPath: "a")
    try FileManager.default.createSymbolicLink(atPath: "\(path)/a/up", withDestinationPath: "..")
    let found = FileManager.default.readableSubpaths(of: path)
    #expect(found.sorted() == ["a", "a/b", "a/b/file", "a/up", "link"])
    #expect(FileManager.default.readableSubpaths(of: "\(path)/a/b/file") == [])
    #expect(FileManager.default.readableSubpaths(of: "\(path)/none") == [])
  }
}
