import AppStateTestSupport
import Engines
import Foundation
import MonotonicTime
import NativeProcess
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Servers

/// A server's folder as the first release made it: the engine's user could put anything into it.
@Suite struct NativeFolderTests {
  private let user = ProcessUser(userID: 12_345, groupID: 12_346)

  private func layout(_ test: TestHome) -> NativeLayout {
    NativeLayout(folder: "\(test.path)/mydb", sockets: "\(test.path)/mydb/sockets")
  }

  /// Makes the folder with `data` and the keeper's folder, and gives it to the engine's user.
  private func makeFormer(_ test: TestHome) throws -> NativeLayout {
    let layout = layout(test)
    for name in ["data", "process", "scratch"] { _ = try test.folder("mydb/\(name)") }
    try test.write("15.4\n", to: "mydb/data-version")
    try test.write("precious", to: "victim/file")
    chmod(layout.folder, 0o700)
    if getuid() == 0 {
      for path in [layout.folder, layout.data, layout.scratch] {
        #expect(chown(path, user.userID, user.groupID) == 0)
      }
    }
    return layout
  }

  private func prepare(_ layout: NativeLayout) throws {
    let folder = try NativeFolder.open(layout, owner: getuid() == 0 ? user : nil)
    try folder.prepare(socket: nil)
    try folder.write([
      RecipeFile("\(layout.folder)/pg_hba.conf", "new"), RecipeFile("\(layout.folder)/server.key", "k"),
    ])
  }

  private func owner(_ path: String) -> uid_t? {
    var info = stat()
    return lstat(path, &info) == 0 ? info.st_uid : nil
  }

  /// Bug: a neighbour who made a folder of that name in /tmp kept every server of a home with a long path from starting.
  @Test func aTakenNameForSocketsIsPassedOver() async throws {
    try await TestHome.with { test in
      func chosen() -> String {
        URL(filePath: StateHome.sockets(in: test.path, of: getuid())).lastPathComponent
      }
      let usual = "drydock-\(getuid())"
      #expect(chosen() == usual)
      // A link, even to a folder of ours, is somebody's trick.
      let own = try test.folder("own")
      #expect(symlink(own, "\(test.path)/\(usual)") == 0)
      #expect(chosen() == "\(usual)-1")
      try test.write("", to: "\(usual)-1")
      #expect(chosen() == "\(usual)-2")
      _ = try test.folder("\(usual)-2")
      // What was chosen once is found again when the others are gone.
      for name in [usual, "\(usual)-1"] { #expect(unlink("\(test.path)/\(name)") == 0) }
      #expect(chosen() == "\(usual)-2")
    }
  }

  @Test func hasOneShapeForRootAndForAUser() async throws {
    try await TestHome.with { test in
      let layout = try makeFormer(test)
      for _ in 0..<2 {
        try prepare(layout)
        let (own, engine) = (geteuid(), getuid() == 0 ? user.userID : geteuid())
        for (path, expected) in [
          (layout.folder, own), (layout.files.folder, own), ("\(layout.folder)/data-version", own),
          (layout.data, engine), (layout.scratch, engine), (layout.sockets, engine),
          ("\(layout.folder)/pg_hba.conf", engine),
        ] {
          #expect(owner(path) == expected, "\(path)")
        }
        #expect(test.mode("mydb") == (getuid() == 0 ? 0o710 : 0o700))
        #expect(test.mode("mydb/pg_hba.conf") == 0o600)
        #expect(layout.dataVersion?.description == "15.4")
      }
    }
  }

  /// Bug: root wrote through links, gave away and emptied what they led to, and waited at pipes.
  @Test(.timeLimit(.minutes(1))) func nothingThatWasPutThereLeadsElsewhere() async throws {
    try await TestHome.with { test in
      let layout = try makeFormer(test)
      let victim = "\(test.path)/victim"
      rmdir(layout.scratch)
      for (name, target) in [
        ("pg_hba.conf", "\(victim)/file"), ("client.cnf", "\(victim)/file"), ("server.pid", "\(victim)/file"),
        ("stop-requested", "\(victim)/file"), ("scratch", victim), ("sockets", victim),
        ("data.new-planted", victim),
      ] { symlink(target, "\(layout.folder)/\(name)") }
      _ = try test.folder("mydb/server.key/inner")
      symlink(victim, "\(layout.folder)/server.key/inner/link")
      symlink(victim, "\(layout.data)/postmaster.pid")
      unlink("\(layout.folder)/data-version")
      mkfifo("\(layout.folder)/data-version", 0o600)
      let before = owner("\(victim)/file")
      let mode = test.mode("victim")

      layout.stopMark.set()
      #expect(layout.stopMark.isSet && layout.dataVersion == nil)
      try prepare(layout)
      try Folder.remove("\(layout.data)/postmaster.pid")
      try await layout.removeUnfinished(until: .after(.seconds(10)))
      try layout.stopMark.clear()
      try layout.record(dataVersion: try #require(ServerVersion(in: "16.1")))
      #expect(layout.dataVersion?.description == "16.1")
      #expect(test.text("mydb/pg_hba.conf") == "new" && test.text("mydb/server.key") == "k")
      try Folder.remove(layout.folder)

      #expect(test.text("victim/file") == "precious")
      #expect(try FileManager.default.contentsOfDirectory(atPath: victim) == ["file"])
      #expect(owner("\(victim)/file") == before && owner(victim) == geteuid() && test.mode("victim") == mode)
    }
  }

  @Test(
    .enabled(if: getuid() == 0, "another user's folders are root's matter"), arguments: ["data", "process"])
  func whatWouldBeBelievedIsRefusedWhereItWasExchanged(_ name: String) async throws {
    try await TestHome.with { test in
      let layout = try makeFormer(test)
      let path = "\(layout.folder)/\(name)"
      rename(path, "\(layout.folder)/moved")
      if name == "data" {
        symlink("\(test.path)/victim", path)
      } else {
        mkdir(path, 0o700)
      }
      lchown(path, user.userID, user.groupID)
      let error = try await emulatorError { try prepare(layout) }
      #expect(error.message.contains(path) && error.suggestion != nil, "\(error)")
      #expect(test.text("victim/file") == "precious")
    }
  }

  /// A client of root's takes settings from its folder, and keeps what was typed there.
  @Test func clientsRunOutOfTheEnginesReach() throws {
    let home = StateHome(root: "/h", engines: "/e", sockets: "/s")
    #expect(home.clients("mydb", of: "abc") == "/h/instances/abc/clients/mydb")
  }
}
