import AppStateTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Engines

/// Folders that lost their id, are seen by several homes, or carry an id that is not theirs.
@Suite struct FolderIdentityTests {
  private static let manifest = "resources:\n  mydb: { type: postgres }\n"

  /// An app as after an `up`.
  private func up(_ test: TestHome, _ name: String = "web") throws -> InstanceState {
    try test.write(Self.manifest, to: "\(name)/convox.yml")
    var state = try test.directory.open(try test.app(name), app: nil)
    state.resources["mydb"] = ResourceRecord(
      type: "postgres", administratorPassword: "", wantedVersion: "12", options: [:])
    try test.store.save(state)
    return state
  }

  private func adopt(_ test: TestHome, _ handle: String, _ folder: AppFolder) async throws -> InstanceState {
    try await test.directory.adopt(handle, into: folder, until: .after(.seconds(30))) { _ in }.state
  }

  @Test func aFolderIsTheSameUntilItIsMadeAnew() async throws {
    try await TestHome.with { test in
      let folder = try test.folder("web")
      let first = try #require(FolderIdentity(of: folder))
      try test.write("x", to: "web/file")
      #expect(FolderIdentity(of: folder) == first)
      try Folder.remove(folder)
      #expect(FolderIdentity(of: folder) == nil)
      _ = try test.folder("web")
      try withKnownIssue(isIntermittent: true) {
        try #require(first.born != nil, "the file system keeps no time of birth")
        #expect(FolderIdentity(of: folder) != first)
      } when: {
        first.born == nil
      }
    }
  }

  @Test("After git clean the folder is found again, by itself or by its resources", arguments: [true, false])
  func clean(_ isFreshClone: Bool) async throws {
    try await TestHome.with { test in
      let before = try up(test)
      let folder = try test.app("web")
      if isFreshClone {
        try Folder.remove(folder.path)
        try test.write(Self.manifest, to: "web/convox.yml")
      } else {
        try Folder.remove(folder.drydock)
      }
      #expect(try test.directory.existing(in: folder)?.id == before.id)
      var lines: [String] = []
      let after = try test.directory.open(folder, app: nil) { lines.append($0) }
      #expect(after.id == before.id)
      #expect(lines.count == 1 && lines[0].contains("web again"))
    }
  }

  @Test func aCloneOfAnotherAppAtThatPathIsANewOne() async throws {
    try await TestHome.with { test in
      let before = try up(test)
      let folder = try test.app("web")
      try Folder.remove(folder.path)
      try test.write("resources:\n  mydb: { type: mysql }\n", to: "web/convox.yml")
      #expect(try test.directory.existing(in: folder) == nil)
      var lines: [String] = []
      let after = try test.directory.open(folder, app: nil) { lines.append($0) }
      #expect(after.id != before.id)
      #expect(lines.count == 1 && lines[0].hasSuffix("drydock adopt web"))
      // And that is what it takes.
      let adopted = try await adopt(test, "web", folder)
      #expect(adopted.id == before.id)
      #expect(try test.directory.existing(in: folder)?.id == before.id)
      #expect(test.store.apps().first { $0.id == after.id }?.path == "\(test.home.root)/apps/\(after.handle)")
    }
  }

  /// Bug: the path was not saved, as the folder itself was the same, and `prune` took the app for one without a folder.
  @Test func aFolderThatWasRenamedIsAdoptedForGood() async throws {
    try await TestHome.with { test in
      let before = try up(test)
      try FileManager.default.moveItem(atPath: "\(test.path)/web", toPath: "\(test.path)/renamed")
      let folder = try test.app("renamed")
      try Folder.remove(folder.drydock)
      #expect(try await adopt(test, "web", folder).id == before.id)
      let app = try #require(test.store.apps().first)
      #expect(app.path == folder.path)
      #expect(try test.directory.folderLoss(app) == nil)
    }
  }

  @Test func anIdOfAnotherAppAdoptsNothing() async throws {
    try await TestHome.with { test in
      let victim = try up(test)
      let clone = try test.app("clone")
      // The repository knows the id, and not the token.
      try clone.write(FolderMark(id: victim.id, token: "guessedguessed", home: test.home.key))
      #expect(try test.directory.existing(in: clone) == nil)
      try Folder.remove(test.app("web").path)
      #expect(try test.directory.existing(in: clone) == nil, "nor once the app's own folder is gone")
      let made = try test.directory.open(clone, app: nil)
      #expect(made.id != victim.id && made.resourcePassword != victim.resourcePassword)
      #expect(test.store.apps().count == 2)
    }
  }

  @Test func anInstanceWithoutATokenGetsOneAtItsPath() async throws {
    try await TestHome.with { test in
      var state = try up(test)
      let folder = try test.app("web")
      (state.token, state.folder) = (nil, nil)
      try test.store.save(state)
      try folder.write(FolderMark(id: state.id))
      var found = try test.directory.open(folder, app: nil)
      #expect(found == state)
      try test.directory.bind(&found, to: folder)
      #expect(found.token != nil && found.folder == FolderIdentity(of: folder.path))
      #expect(try test.store.load(state.id) == found)
      #expect(try folder.mark() == FolderMark(id: state.id, token: found.token, home: test.home.key))
      try FileManager.default.moveItem(atPath: folder.path, toPath: "\(test.path)/moved")
      #expect(try test.directory.existing(in: AppFolder("\(test.path)/moved"))?.id == state.id)
    }
  }

  @Test func twoHomesLeaveEachOthersIds() async throws {
    try await TestHome.with { test in
      let other = StateHome(root: "\(test.path)/other", engines: "\(test.path)/e", sockets: "\(test.path)/s")
      let second = InstanceDirectory(store: StateStore(home: other), catalog: .builtIn)
      let folder = try test.app("web")
      let ours = try test.directory.open(folder, app: nil)
      let theirs = try second.open(folder, app: nil)
      for _ in 0..<2 {
        #expect(try test.directory.open(folder, app: nil).id == ours.id)
        #expect(try second.open(folder, app: nil).id == theirs.id)
      }
      #expect(folder.id == ours.id && theirs.id != ours.id)
      #expect(test.store.all().count == 1 && second.store.all().count == 1)
    }
  }

  @Test func oneFolderAtTwoPathsIsOneApp() async throws {
    try await TestHome.with { test in
      var state = try up(test)
      let folder = try test.app("web")
      // A link stands for a bind mount: another path, the same device and inode.
      try FileManager.default.createSymbolicLink(
        atPath: "\(test.path)/link", withDestinationPath: folder.path)
      state.path = "\(test.path)/link"
      try test.store.save(state)
      for isMarked in [true, false] {
        if !isMarked { try Folder.remove(folder.drydock) }
        var found = try #require(try test.directory.existing(in: folder))
        #expect(found.id == state.id)
        try test.directory.bind(&found, to: folder)
        #expect(found.path == state.path, "the path that is written down stays")
      }
    }
  }

  @Test func anAppMadeOverARackGetsItsFolder() async throws {
    try await TestHome.with { test in
      let made = try await test.directory.create(app: "demo", until: .after(.seconds(30)))
      try await test.store.updateAppEnvironment(made.id) { $0["A"] = "b" }
      let folder = try test.app("src/demo")
      #expect(try test.directory.existing(in: folder)?.appEnvironment == ["A": "b"])
      #expect(try test.directory.existing(in: try test.app("src/other")) == nil)
      let found = try await test.directory.open(folder, app: nil, until: .after(.seconds(30)))
      #expect(found.id == made.id && found.handle == "demo" && found.path == folder.path)
      let adopted = try await adopt(test, "demo", folder)
      #expect(adopted.path == folder.path)
      #expect(!Folder.exists("\(test.home.root)/apps/demo"))
      #expect(try test.directory.existing(in: folder)?.id == made.id)
    }
  }

  @Test func aRepositoryTakesNoAppOfTheRackByItsName() async throws {
    try await TestHome.with { test in
      let made = try await test.directory.create(app: "payments", until: .after(.seconds(30)))
      try await test.store.updateAppEnvironment(made.id) { $0["STRIPE_KEY"] = "secret" }
      try test.write("payments\n", to: "clone/.convox/app")
      let clone = try test.app("clone")
      #expect(clone.appName == "payments")
      #expect(try test.directory.existing(in: clone) == nil)
      var lines: [String] = []
      let new = try test.directory.open(clone, app: nil) { lines.append($0) }
      #expect(new.id != made.id && new.appEnvironment.isEmpty)
      #expect(lines.count == 1 && lines[0].hasSuffix("made over the rack: drydock adopt payments"))
      // Who names it gets it.
      let named = try await test.directory.open(clone, app: "payments", until: .after(.seconds(30)))
      #expect(named.id == made.id)
      #expect(try await adopt(test, "payments", clone).id == made.id)
    }
  }

  @Test("--app names an app that has no folder any more: the folder gets it")
  func anAppWithoutAFolder() async throws {
    try await TestHome.with { test in
      let old = try up(test)
      try Folder.remove(test.app("web").path)
      let folder = try test.app("other")
      let new = try test.directory.open(folder, app: nil)
      let lines = Mutex<[String]>([])
      var found = try await test.directory.open(folder, app: "web", until: .after(.seconds(30))) { line in
        lines.withLock { $0.append(line) }
      }
      #expect(found.id == old.id && found.handle == "web" && found.path == folder.path)
      #expect(lines.withLock { $0.count } == 1)
      try test.directory.bind(&found, to: folder)
      #expect(try test.directory.existing(in: folder)?.id == old.id)
      #expect(test.store.all().contains { $0.id == new.id }, "what the folder was stays")
      // Bug: one whose path another app has was told to have no folder any more, without a word of the other one.
      let path = folder.path
      try await test.store.update(new.id, until: .after(.seconds(30))) { $0.path = path }
      let stray = try #require(try test.store.load(new.id))
      #expect(try test.directory.folderLoss(stray) == .replaced(by: "web"))
      #expect(try test.directory.folderLoss(found) == nil)
    }
  }

  @Test("An app whose folder cannot be seen keeps it", arguments: ["dangling", "loop"])
  func anAppOutOfSight(_ obstacle: String) async throws {
    try await TestHome.with { test in
      let owner = try up(test, "disk/web")
      let folder = try test.app("other")
      let (disk, aside) = ("\(test.path)/disk", "\(test.path)/aside")
      try FileManager.default.moveItem(atPath: disk, toPath: aside)
      try FileManager.default.createSymbolicLink(
        atPath: disk, withDestinationPath: obstacle == "loop" ? disk : "\(test.path)/nowhere")
      #expect(try test.directory.folderLoss(owner) == nil)
      for isAdoption in [true, false] {
        let error = try await emulatorError {
          if isAdoption {
            _ = try await adopt(test, "web", folder)
          } else {
            _ = try await test.directory.open(folder, app: "web", until: .after(.seconds(30)))
          }
        }
        #expect(error.code == .failed && error.message.contains("cannot be told: \(disk)"))
      }
      // Its own mark and token lie there, and it may be a copy.
      let copy = AppFolder("\(aside)/web")
      #expect(try test.directory.existing(in: copy) == nil)
      try Folder.remove(disk)
      #expect(try test.directory.existing(in: copy)?.id == owner.id, "it moved")
    }
  }

  @Test func anAppWithItsFolderIsNotAdopted() async throws {
    try await TestHome.with { test in
      let owner = try up(test)
      let folder = try test.app("other")
      // Its id is gone, but the folder is there, and is its own.
      for isMarked in [true, false] {
        if !isMarked { try Folder.remove(test.app("web").drydock) }
        let error = try await emulatorError { _ = try await adopt(test, "web", folder) }
        #expect(error.code == .failed && error.message.contains(owner.path))
      }
      let found = try await test.directory.open(folder, app: "web", until: .after(.seconds(30)))
      #expect(found.id != owner.id, "nor by --app")
      let unknown = try await emulatorError { _ = try await adopt(test, "wep", folder) }
      #expect(unknown.code == .usage)
    }
  }
}
