import ConvoxEnvironment
import Foundation
import LocalFiles
import Testing

@testable import DrydockBase
@testable import Transfer

/// What came out of a stranger's archive, on its way into a shared directory.
@Suite struct DirectoryMergeTests {
  /// A folder with `aside`, `share` and `outside` in it, which is removed afterwards.
  private struct Place {
    let root = FileManager.default.temporaryDirectory.path + "/drydock-merge-\(UUID().uuidString)"

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func with(_ body: (Place) throws -> Void) throws {
      for name in ["aside", "share", "outside"] {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
      }
      defer { try? FileManager.default.removeItem(atPath: root) }
      try body(self)
    }

    func write(_ name: String, mode: mode_t = 0o644) throws {
      let path = path(name)
      try FileManager.default.createDirectory(
        atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
      try Data(name.utf8).write(to: URL(filePath: path))
      try #require(chmod(path, mode) == 0)
    }

    func mode(_ name: String) -> mode_t {
      var status = stat()
      return lstat(path(name), &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    func merge() throws -> Int {
      var merge = DirectoryMerge(
        from: try DirectoryDescriptor(path("aside"), followingLink: false),
        into: try DirectoryDescriptor(path("share"), followingLink: false))
      try merge.run()
      return merge.taken
    }
  }

  @Test("Set-id bits of files go, at every depth; modes and set-group-id directories stay") func setIDBits()
    throws
  {
    try Place().with { place in
      for (name, mode) in [("sh", 0o4755), ("new/deep/sh", 0o6755), ("old/sh", 0o2755), ("plain", 0o1640)] {
        try place.write("aside/\(name)", mode: mode_t(mode))
      }
      for name in ["new", "old"] { try #require(chmod(place.path("aside/\(name)"), 0o2775) == 0) }
      try place.write("share/old/kept")
      try place.write("share/sh", mode: 0o600)
      #expect(try place.merge() == 3)
      for (name, mode) in [
        ("sh", 0o755), ("new/deep/sh", 0o755), ("old/sh", 0o755), ("plain", 0o1640), ("new", 0o2775),
        ("old", 0o2775), ("old/kept", 0o644),
      ] {
        #expect(place.mode("share/\(name)") == mode_t(mode), "\(name)")
      }
    }
  }

  /// What is refused, and how it is made.
  enum Refused: String, CaseIterable {
    case pipe, hardLink, directoryOverLink, fileOverDirectory, linkOverDirectory
  }

  @Test("What leads outside or is no file is refused before anything moves", arguments: Refused.allCases)
  func refusals(_ refused: Refused) throws {
    try Place().with { place in
      try place.write("aside/a")
      try place.write("outside/su", mode: 0o4755)
      switch refused {
      case .pipe: try #require(mkfifo(place.path("aside/z"), 0o600) == 0)
      case .hardLink: try #require(link(place.path("outside/su"), place.path("aside/z")) == 0)
      case .directoryOverLink:
        try place.write("aside/z/su")
        try #require(symlink("../outside", place.path("share/z")) == 0)
      case .fileOverDirectory:
        try place.write("aside/z")
        try place.write("share/z/kept")
      case .linkOverDirectory:
        try #require(symlink("../outside", place.path("aside/z")) == 0)
        try place.write("share/z/kept")
      }
      #expect(throws: DrydockError.self) { try place.merge() }
      #expect(place.mode("share/a") == 0)
      #expect(place.mode("outside/su") == 0o4755)
    }
  }

  @Test("Directories that their owner may not read or write come along as they are") func closed() throws {
    try Place().with { place in
      for name in ["none", "read/deep"] { try place.write("aside/\(name)/file") }
      for (name, mode) in [("read/deep", 0o500), ("read", 0o555), ("none", 0)] {
        try #require(chmod(place.path("aside/\(name)"), mode_t(mode)) == 0)
      }
      #expect(try place.merge() == 0)
      for (name, mode) in [("none", 0), ("read", 0o555), ("read/deep", 0o500)] {
        #expect(place.mode("share/\(name)") == mode_t(mode), "\(name)")
        chmod(place.path("share/\(name)"), 0o700)
        #expect(place.mode("share/\(name)/file") == 0o644 || name == "read")
      }
    }
  }

  @Test("Links and hard links within the archive come along") func links() throws {
    try Place().with { place in
      try place.write("aside/d/one")
      try #require(link(place.path("aside/d/one"), place.path("aside/two")) == 0)
      try #require(symlink("/etc/passwd", place.path("aside/d/absolute")) == 0)
      #expect(try place.merge() == 0)
      #expect(place.mode("share/two") == 0o644 && place.mode("share/d/absolute") != 0)
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: place.path("share/d/absolute"))
          == "/etc/passwd")
    }
  }
}
