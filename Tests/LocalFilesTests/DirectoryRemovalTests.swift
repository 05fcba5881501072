import DrydockBase
import DrydockTestSupport
import Foundation
import LocalFiles
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder of one test's own.
private struct Scratch: Sendable {
  let folder: String

  func path(_ name: String) -> String { folder + "/" + name }
}

private func withScratch(_ body: (Scratch) async throws -> Void) async throws {
  try await withTestFolder { try await body(Scratch(folder: $0.path)) }
}

@Suite("A folder that may be somebody else's")
struct DirectoryRemovalTests {
  private func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  private func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aLinkIsReplacedAndNotWrittenThrough() async throws {
    try await withScratch { scratch in
      try write("precious", to: scratch.path("victim"))
      symlink("victim", scratch.path("link"))
      link(scratch.path("victim"), scratch.path("hard"))
      let folder = try DirectoryDescriptor(scratch.folder, followingLink: false)
      for name in ["link", "hard", "new"] { try folder.replace(name, with: Array("new".utf8), mode: 0o640) }
      #expect(text(scratch.path("victim")) == "precious")
      for name in ["link", "hard", "new"] {
        #expect(text(scratch.path(name)) == "new")
        let status = try folder.status(of: name)
        #expect(status?.st_mode == S_IFREG | 0o640)
      }
      let names = try folder.names()
      #expect(names.sorted() == ["hard", "link", "new", "victim"])
    }
  }

  /// A pipe would be waited for, a device and a link would be read.
  @Test(.timeLimit(.minutes(1))) func onlyRegularFilesAreRead() async throws {
    try await withScratch { scratch in
      try write("precious", to: scratch.path("victim"))
      symlink("victim", scratch.path("link"))
      symlink("/dev/zero", scratch.path("device"))
      mkfifo(scratch.path("pipe"), 0o600)
      mkdir(scratch.path("folder"), 0o700)
      let folder = try DirectoryDescriptor(scratch.folder, followingLink: false)
      for name in ["link", "device", "pipe", "folder", "missing"] {
        #expect(throws: DirectoryError.self, "\(name)") { _ = try folder.file(name) }
        #expect(throws: (any Error).self, "\(name)") { _ = try openRegularFile(scratch.path(name)) }
      }
      let file = try folder.file("victim")
      defer { try? file.close() }
      #expect(readToEnd(of: file.rawValue) == Array("precious".utf8))
      #expect(throws: DirectoryError.self) {
        _ = try DirectoryDescriptor(scratch.path("link"), followingLink: false)
      }
    }
  }

  @Test func removalFollowsNoLink() async throws {
    try await withScratch { scratch in
      try FileManager.default.createDirectory(
        atPath: scratch.path("victim"), withIntermediateDirectories: true)
      try write("precious", to: scratch.path("victim/file"))
      try FileManager.default.createDirectory(
        atPath: scratch.path("tree/a/b"), withIntermediateDirectories: true)
      symlink("../../victim", scratch.path("tree/a/link"))
      symlink("/", scratch.path("tree/root"))
      mkfifo(scratch.path("tree/a/b/pipe"), 0o600)
      link(scratch.path("victim/file"), scratch.path("tree/a/hard"))
      let folder = try DirectoryDescriptor(scratch.folder, followingLink: false)
      try folder.removeTree("tree")
      symlink("victim", scratch.path("link"))
      try folder.removeTree("link")
      try folder.removeTree("missing")
      let names = try folder.names()
      #expect(names == ["victim"])
      #expect(text(scratch.path("victim/file")) == "precious")
    }
  }

  /// Names are bytes, and a path has no end that counts.
  @Test func whateverIsInItIsRemoved() async throws {
    try await withScratch { scratch in
      mkdir(scratch.path("tree"), 0o700)
      let strange: [CChar] = Array(scratch.path("tree/").utf8CString.dropLast()) + [-1, -2, 0]
      #expect(mkdir(strange, 0o700) == 0)
      let deep = Process()
      deep.executableURL = URL(filePath: "/bin/sh")
      deep.currentDirectoryURL = URL(filePath: scratch.path("tree"))
      deep.arguments = [
        "-c", "i=0; while [ $i -lt 150 ]; do mkdir d && cd -P d || exit 1; : >f; i=$((i+1)); done",
      ]
      try deep.run()
      deep.waitUntilExit()
      let folder = try DirectoryDescriptor(scratch.folder, followingLink: false)
      try folder.removeTree("tree")
      let names = try folder.names()
      #expect(names.isEmpty)
    }
  }

  /// Somebody exchanges folders for links to another place all the while.
  @Test func aRaceLeadsNowhere() async throws {
    try await withScratch { scratch in
      mkdir(scratch.path("victim"), 0o700)
      try write("precious", to: scratch.path("victim/file"))
      let racer = Process()
      racer.executableURL = URL(filePath: "/bin/sh")
      racer.currentDirectoryURL = URL(filePath: scratch.folder)
      racer.arguments = [
        "-c",
        """
        i=0
        while [ $((i += 1)) -lt 40 ]; do
          mkdir -p tree/a; true >tree/a/file; mv tree/a tree/b; ln -s ../victim tree/a; rm -rf tree/a tree/b
        done 2>/dev/null
        """,
      ]
      try racer.run()
      let folder = try DirectoryDescriptor(scratch.folder, followingLink: false)
      while racer.isRunning { try? folder.removeTree("tree") }
      try folder.removeTree("tree")
      #expect(text(scratch.path("victim/file")) == "precious")
    }
  }
}
