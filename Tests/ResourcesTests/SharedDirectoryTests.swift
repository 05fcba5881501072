import AppStateTestSupport
import DrydockBase
import Foundation
import Testing

@testable import AppState
@testable import Resources

@Suite struct SharedDirectoryTests {
  private func directory(_ options: [String: String], _ test: TestHome) -> SharedDirectory {
    SharedDirectory(resource: "files", options: options, home: test.home, id: "i")
  }

  @Test(arguments: [("/", ""), ("/a/b", "/a/b"), ("/../../etc", "/etc"), ("/a/./../b", "/a/b"), ("", "")])
  func liesInsideItsResourcesFolder(_ path: String, _ expected: String) async throws {
    try await TestHome.with { test in
      let base = "\(test.home.resource("files", of: "i"))/files"
      #expect(directory(["path": path], test).path == base + expected)
    }
  }

  @Test(arguments: [("0777", 0o777), ("0750", 0o750), ("1777", 0o1777), ("nonsense", 0o777)])
  func getsItsPermissionsWhateverTheMask(_ permissions: String, _ mode: Int) async throws {
    try await TestHome.with { test in
      let options = ["path": "/data", "permissions": permissions]
      try directory(options, test).make()
      #expect(test.mode("state/engines/i/files/files/data") == mode_t(mode))
    }
  }

  @Test("No link below the share is followed", arguments: ["/linked", "/linked/below", "/own/linked/x"])
  func followsNoLink(_ path: String) async throws {
    try await TestHome.with { test in
      let base = "\(test.home.resource("files", of: "i"))/files"
      try FileManager.default.createDirectory(atPath: "\(base)/own", withIntermediateDirectories: true)
      let outside = try test.folder("outside")
      for link in ["linked", "own/linked"] {
        try FileManager.default.createSymbolicLink(atPath: "\(base)/\(link)", withDestinationPath: outside)
      }
      let directory = directory(["path": path, "owner-uid": "1234", "owner-gid": "4321"], test)
      let error = #expect(throws: DrydockError.self) { try directory.make() }
      #expect(error?.message.contains("symbolic link") == true, "\(String(describing: error))")
      #expect(throws: DrydockError.self) { try directory.open() }
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
      #expect(directory.mountSource == "\(base)/\(path)")
    }
  }

  @Test(.enabled(if: getuid() == 0, "only root may give a directory away"))
  func getsItsOwner() async throws {
    try await TestHome.with { test in
      let directory = directory(["owner-uid": "1234", "owner-gid": "4321", "permissions": "0700"], test)
      try directory.make()
      var info = stat()
      #expect(stat(directory.path, &info) == 0)
      #expect(info.st_uid == 1234 && info.st_gid == 4321 && info.st_mode & 0o7777 == 0o700)
    }
  }

  @Test(.enabled(if: getuid() != 0, "root may give every directory away"))
  func withoutTheRightItsOwnerIsSaidOnce() async throws {
    try await TestHome.with { test in
      let directory = directory(["owner-uid": "1234", "owner-gid": "4321"], test)
      let said = try directory.make()
      #expect(said?.contains("1234:4321") == true)
      let again = try directory.make()
      #expect(again == nil)
    }
  }

  @Test func oneThatExistsKeepsWhatItHas() async throws {
    try await TestHome.with { test in
      let first = directory(["permissions": "0777"], test)
      try first.make()
      try Data("x".utf8).write(to: URL(filePath: "\(first.path)/file"))
      chmod(first.path, 0o700)
      try directory(["permissions": "0755"], test).make()
      #expect(test.mode("state/engines/i/files/files") == 0o700)
      #expect(test.text("state/engines/i/files/files/file") == "x")
      try await first.delete()
      #expect(!Folder.exists(test.home.resource("files", of: "i")))
      try await first.delete()
    }
  }
}
