import AppStateTestSupport
import ConvoxManifest
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import DrydockBase

@Suite struct InstanceDirectoryTests {
  @Test func lookingMakesNothing() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      #expect(try test.directory.existing(in: folder) == nil)
      #expect(!Folder.exists(folder.drydock))
      #expect(!Folder.exists(test.home.root))
    }
  }

  @Test func aFolderGetsItsInstanceOnce() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      let first = try test.directory.open(folder, app: nil)
      let second = try test.directory.open(folder, app: nil)
      #expect(first == second)
      #expect(first.handle == "web" && first.app == "web" && first.path == folder.path)
      #expect(first.resourcePassword.count == 36)
      #expect(folder.id == first.id)
      #expect(test.text("web/.drydock/.gitignore") == "*\n")
      #expect(test.mode("web/.drydock/id") == 0o600)
      #expect(try test.directory.existing(in: folder) == first)
      #expect(test.directory.instance(handle: "web") == first)
      #expect(test.directory.instance(handle: "we") == nil)
    }
  }

  @Test func aMovedFolderKeepsItsInstance() async throws {
    try await TestHome.with { test in
      let before = try test.directory.open(try test.app("web"), app: nil)
      try FileManager.default.moveItem(atPath: "\(test.path)/web", toPath: "\(test.path)/moved")
      let folder = AppFolder("\(test.path)/moved")
      let after = try #require(try test.directory.existing(in: folder))
      #expect(after.id == before.id)
      #expect(after.handle == before.handle)
      #expect(after.resourcePassword == before.resourcePassword)
      #expect(after.path == folder.path)
      #expect(try test.directory.open(folder, app: nil).id == before.id)
    }
  }

  /// Bug: `--app` took what no rack takes, and shell text as well.
  @Test(arguments: ["Bad", "a b", "../x", "1a", "-a", "", String(repeating: "a", count: 41)])
  func aNameThatARackRefusesIsNoApps(_ name: String) async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      let refuses = { () -> Bool in
        do { _ = try test.directory.open(folder, app: name) } catch let error as DrydockError {
          return error.code == .usage && error.message.contains("app name \(name) invalid")
        }
        return false
      }
      #expect(try refuses())
      #expect(test.directory.store.all().isEmpty)
      let before = try test.directory.open(folder, app: nil)
      #expect(try refuses())
      #expect(test.directory.store.all() == [before])
    }
  }

  @Test func aCopiedFolderGetsAnInstanceOfItsOwn() async throws {
    try await TestHome.with { test in
      let original = try test.app("web")
      let first = try test.directory.open(original, app: nil)
      try FileManager.default.copyItem(atPath: original.path, toPath: "\(test.path)/copy")
      let copy = AppFolder("\(test.path)/copy")
      #expect(try test.directory.existing(in: copy) == nil)
      let second = try test.directory.open(copy, app: "web")
      #expect(second.id != first.id)
      #expect(second.resourcePassword != first.resourcePassword)
      #expect(second.handle != first.handle && second.handle.hasPrefix("web-"))
      #expect(copy.id == second.id)
      #expect(try test.directory.existing(in: original) == first)
    }
  }

  /// Worktrees of one app are folders of the same name, none of which carries another's `.drydock`.
  @Test func twoWorktreesShareNothing() async throws {
    try await TestHome.with { test in
      let left = try test.directory.open(try test.app("main/web"), app: nil)
      let right = try test.directory.open(try test.app("feature/web"), app: nil)
      #expect(left.id != right.id)
      #expect(left.handle == "web")
      #expect(right.handle == "web-\(right.id.prefix(4))")
      #expect(right.app == "web")
      #expect(test.directory.instance(handle: right.handle)?.path == right.path)
    }
  }

  @Test func aLinkToAFolderIsTheFolder() async throws {
    try await TestHome.with { test in
      let first = try test.directory.open(try test.app("web"), app: nil)
      try FileManager.default.createSymbolicLink(
        atPath: "\(test.path)/link", withDestinationPath: "\(test.path)/web")
      #expect(try test.directory.open(AppFolder("\(test.path)/link"), app: nil) == first)
    }
  }

  @Test func anIdWhoseStateIsGoneIsReplaced() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      let first = try test.directory.open(folder, app: nil)
      try test.store.delete(first.id)
      #expect(try test.directory.existing(in: folder) == nil)
      let second = try test.directory.open(folder, app: nil)
      #expect(second.id != first.id)
      #expect(folder.id == second.id)
    }
  }

  @Test func handlesStayUnique() async throws {
    try await TestHome.with { test in
      for number in 0..<6 { _ = try test.directory.open(try test.app("\(number)/web"), app: nil) }
      let handles = test.store.all().map(\.handle)
      #expect(Set(handles).count == 6)
      #expect(handles.filter { $0 == "web" }.count == 1)
    }
  }

  /// Each would else make an instance, and the folder could carry the id of one alone.
  @Test func commandsAtOnceInANewFolderMakeOneInstance() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      let ids = try await Self.atOnce(16) { _ in
        try await test.directory.open(folder, app: nil, until: .after(.seconds(30))).id
      }
      #expect(Set(ids).count == 1)
      #expect(folder.id == ids.first)
      #expect(test.store.all().map(\.id) == Array(Set(ids)))
    }
  }

  @Test func commandsAtOnceInFoldersOfOneNameTakeHandlesOfTheirOwn() async throws {
    try await TestHome.with { test in
      let folders = try (0..<16).map { try test.app("\($0)/web") }
      let handles = try await Self.atOnce(16) {
        try await test.directory.open(folders[$0], app: nil, until: .after(.seconds(30))).handle
      }
      #expect(Set(handles).count == 16)
    }
  }

  private static func atOnce(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> String
  ) async throws -> [String] {
    try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<count { group.addTask { @concurrent in try await body(number) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test func aNameTheUserGivesIsTaken() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      _ = try test.directory.open(folder, app: nil)
      let renamed = try test.directory.open(folder, app: "shop")
      #expect(renamed.app == "shop" && renamed.handle == "shop")
      #expect(renamed.id == folder.id)
    }
  }

  /// `--app` takes handles too: then it names what is there already.
  @Test func aHandleIsNoNewName() async throws {
    try await TestHome.with { test in
      _ = try test.directory.open(try test.app("1/web"), app: nil)
      let folder = try test.app("2/web")
      let second = try test.directory.open(folder, app: nil)
      #expect(second.handle != "web")
      #expect(try test.directory.open(folder, app: second.handle) == second)
      #expect(try test.directory.open(folder, app: "web") == second)
    }
  }

  @Test func idsAreWhatFoldersAccept() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      for _ in 0..<20 {
        let id = InstanceDirectory.randomID()
        try folder.write(FolderMark(id: id))
        #expect(folder.id == id)
      }
    }
  }
}

@Suite struct AppFolderTests {
  @Test(arguments: [
    "", "short", "../../../etc/passwd", "ABCDEFGHIJKL", "with space12", String(repeating: "a", count: 33),
  ])
  func anImplausibleIdIsNone(_ content: String) async throws {
    try await TestHome.with { test in
      try test.write(content + "\n", to: "web/.drydock/id")
      #expect(try test.app("web").id == nil)
    }
  }

  @Test(arguments: [
    (nil, "web", "web"), ("shop\n", "web", "shop"), ("  \n", "web", "web"), (nil, "my-app2", "my-app2"),
  ])
  func theNameOfAnApp(_ file: String?, _ folder: String, _ expected: String) async throws {
    try await TestHome.with { test in
      if let file { try test.write(file, to: "\(folder)/.convox/app") }
      #expect(try test.app(folder).appName == expected)
    }
  }

  @Test func aFolderMayHaveANameThatNoAppHas() async throws {
    try await TestHome.with { test in
      let name = try test.app("My App").appName
      #expect(name.hasPrefix("my-app-"))
      #expect(AppFolder("/").appName == "app")
    }
  }

  @Test func aFolderThatCannotBeWrittenIsNamed() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      try test.write("", to: "web/.drydock")
      let error = try await emulatorError { try folder.write(FolderMark(id: "abc123def456")) }
      #expect(error.code == .cannotWrite)
      #expect(error.message.contains(folder.drydock))
      #expect(error.suggestion?.contains("the app's folder") == true)
      #expect(error.suggestion?.contains("DRYDOCK_HOME") == false)
    }
  }
}

@Suite struct WorkspaceTests {
  @Test func theNearestManifestUpwardCounts() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/convox.yml")
      let deep = try test.folder("web/a/b")
      let found = try Workspace.find(manifest: nil, from: deep)
      #expect(found.folder == AppFolder("\(test.path)/web"))
      #expect(found.manifestPath == "\(test.path)/web/convox.yml")
    }
  }

  @Test func withoutOneTheFoldersSearchedAreNamed() async throws {
    try await TestHome.with { test in
      let deep = try test.folder("a/b")
      let error = try await emulatorError { _ = try Workspace.find(manifest: nil, from: deep) }
      #expect(error.code == .manifestMissing)
      for folder in [deep, "\(test.path)/a", test.path] { #expect(error.message.contains("\(folder),")) }
    }
  }

  @Test func aNamedManifestIsTaken() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/other.yml")
      let found = try Workspace.find(manifest: "other.yml", from: "\(test.path)/web")
      #expect(found.displayName == "other.yml")
      #expect(found.folder == AppFolder("\(test.path)/web"))
      let error = try await emulatorError { _ = try Workspace.find(manifest: "no.yml", from: test.path) }
      #expect(error.code == .manifestMissing)
      #expect(error.message == "there is no no.yml")
    }
  }

  @Test(arguments: [
    (nil, true), ("node_modules\n", true), (".drydock\n", false), ("a\n.drydock/\n", false), (".*\n", false),
    ("#.drydock\n", true),
  ])
  func whatADeployUploads(_ ignore: String?, _ warns: Bool) async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/convox.yml")
      if let ignore { try test.write(ignore, to: "web/.dockerignore") }
      let workspace = try Workspace.find(manifest: nil, from: "\(test.path)/web")
      let findings = workspace.uploadFindings()
      #expect(findings.isEmpty != warns)
      #expect(
        findings.allSatisfy { $0.severity == .warning && $0.suggestion?.contains(".dockerignore") == true })
    }
  }
}
