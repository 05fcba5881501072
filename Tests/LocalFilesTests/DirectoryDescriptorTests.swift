import DrydockTestSupport
import Foundation
import Testing

@testable import LocalFiles

/// What somebody else may have put where a file of drydock's is expected.
enum Foreign: String, CaseIterable, Sendable {
  case symbolicLink, danglingLink, hardLink, folder, pipe, socket, tooLong

  func make(_ name: String, in folder: URL, victim: URL) throws {
    let path = folder.appending(path: name).path
    try Data("secret\n".utf8).write(to: victim)
    switch self {
    case .symbolicLink: try #require(symlink(victim.path, path) == 0)
    case .danglingLink: try #require(symlink("\(victim.path)-new", path) == 0)
    case .hardLink: try #require(link(victim.path, path) == 0)
    case .folder: try #require(mkdir(path, 0o700) == 0)
    case .pipe: try #require(mkfifo(path, 0o600) == 0)
    case .socket: try #require(mknod(path, S_IFSOCK | 0o600, 0) == 0)
    case .tooLong:
      try Data().write(to: URL(filePath: path))
      try #require(truncate(path, 1 << 40) == 0)
    }
  }
}

@Suite struct DirectoryDescriptorTests {
  @Test func filesAreWrittenReadListedAndRemoved() async throws {
    try await withTestFolder { folder throws in
      let files = try DirectoryDescriptor(searching: folder.path).makingDirectory("own", mode: 0o700)
      #expect(try files.read("web.env", limit: 10) == nil)
      #expect(try files.write(Array("A=1\n".utf8), to: "web.env", mode: 0o600))
      #expect(try !files.write(Array("A=1\n".utf8), to: "web.env", mode: 0o600))
      #expect(try files.write(Array("A=1\n".utf8), to: "web.env", mode: 0o640))
      #expect(try files.read("web.env", limit: 4) == Array("A=1\n".utf8))
      #expect(throws: DirectoryError.self) { try files.read("web.env", limit: 3) }
      #expect(try files.names() == ["web.env"])
      try files.remove("web.env")
      try files.remove("web.env")
      #expect(try files.names() == [])
      #expect(throws: DirectoryError.self) { try files.read("../own/x", limit: 1) }
    }
  }

  @Test(arguments: Foreign.allCases)
  func whatIsNoFileOfItsOwnIsLeftAlone(_ foreign: Foreign) async throws {
    try await withTestFolder { folder throws in
      let victim = folder.appending(path: "victim")
      try FileManager.default.createDirectory(
        at: folder.appending(path: "own"), withIntermediateDirectories: true)
      try foreign.make("web.env", in: folder.appending(path: "own"), victim: victim)
      let files = try #require(try DirectoryDescriptor(folder.path, followingLink: true).directory("own"))
      let read = #expect(throws: DirectoryError.self) { try files.read("web.env", limit: 1024) }
      #expect(read?.isRefusal == true && read?.path == files.path(of: "web.env"))
      if foreign == .tooLong { return }
      #expect(throws: DirectoryError.self) { try files.write([1], to: "web.env", mode: 0o600) }
      #expect(throws: DirectoryError.self) { try files.remove("web.env") }
      #expect(try files.names() == ["web.env"])
      #expect(try String(contentsOf: victim, encoding: .utf8) == "secret\n")
      #expect(!FileManager.default.fileExists(atPath: "\(victim.path)-new"))
    }
  }

  @Test(arguments: [Foreign.symbolicLink, .pipe])
  func whatIsNoFolderOfItsOwnIsLeftAlone(_ foreign: Foreign) async throws {
    try await withTestFolder { folder throws in
      let victim = folder.appending(path: "victim")
      try foreign.make("own", in: folder, victim: victim)
      try FileManager.default.removeItem(at: victim)
      try FileManager.default.createDirectory(at: victim, withIntermediateDirectories: true)
      let parent = try DirectoryDescriptor(folder.path, followingLink: true)
      let error = #expect(throws: DirectoryError.self) { try parent.makingDirectory("own", mode: 0o700) }
      #expect(error?.isRefusal == true && error?.path == parent.path(of: "own"))
    }
  }

  @Test func anotherUsersFilesAreRefused() async throws {
    try await withTestFolder { folder throws in
      let files = try DirectoryDescriptor(folder.path, followingLink: true)
      try files.write([1], to: "f", mode: 0o600)
      let stranger: Set<uid_t> = [geteuid() + 1]
      let error = #expect(throws: DirectoryError.self) { try files.read("f", limit: 9, owners: stranger) }
      #expect(error?.code == .otherOwner(geteuid()))
      #expect(throws: DirectoryError.self) { try files.write([2], to: "f", mode: 0o600, owners: stranger) }
      #expect(throws: DirectoryError.self) { try files.remove("f", owners: stranger) }
      #expect(try files.read("f", limit: 9, owners: [geteuid()]) == [1])
    }
  }
}
