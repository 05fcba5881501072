import AppStateTestSupport
import ConvoxManifest
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Engines
@testable import Resources

/// A copied home says that it has the containers, volumes and ports of its original.
@Suite struct HomePlaceTests {
  private func home(_ test: TestHome, _ name: String) -> StateHome {
    StateHome(root: "\(test.path)/\(name)", engines: "\(test.path)/\(name)/engines", sockets: "/tmp/none")
  }

  private func copy(_ test: TestHome) throws -> StateHome {
    try FileManager.default.copyItem(atPath: test.home.root, toPath: "\(test.path)/copy")
    return home(test, "copy")
  }

  @Test func aCopyChangesAndStopsNothing() async throws {
    try await TestHome.with { test in
      let state = try test.directory.open(try test.app("web"), app: nil)
      let copy = try copy(test)
      let context = DrydockContext(environment: [:], currentDirectory: "/", home: copy, catalog: .builtIn)
      for deletesData in [true, false] {
        let error = try await emulatorError {
          _ = try await DownOperation(
            context: context, instance: state, selected: nil, deletesData: deletesData, notice: { _ in }
          ).run(until: .after(.seconds(30)))
        }
        #expect(error.code == .cannotWrite && error.message.contains("copy of \(test.home.root)"))
      }
      let error = try await emulatorError {
        _ = try InstanceDirectory(store: context.store, catalog: .builtIn).open(
          try test.app("new"), app: nil)
      }
      #expect(error.suggestion?.contains("rm -r \(copy.root)/instances") == true)
      #expect(try await StatusOperation(context: context).run(state).isEmpty, "it can be looked at")
      // The original goes on, also by another path.
      try await test.store.update(state.id) { $0.app = "other" }
      try FileManager.default.createSymbolicLink(
        atPath: "\(test.path)/link", withDestinationPath: test.home.root)
      try await StateStore(home: home(test, "link")).update(state.id) { $0.app = "another" }
    }
  }

  @Test func aCopyWithoutInstancesIsAHomeOfItsOwn() async throws {
    try await TestHome.with { test in
      _ = try test.directory.open(try test.app("web"), app: nil)
      let copy = try copy(test)
      try Folder.remove("\(copy.root)/instances")
      let made = try InstanceDirectory(store: StateStore(home: copy), catalog: .builtIn).open(
        try test.app("new"), app: nil)
      #expect(copy.key != nil && copy.key != test.home.key)
      try await StateStore(home: copy).update(made.id) { $0.app = "other" }
      try FileManager.default.removeItem(atPath: test.home.root)
      #expect(copy.original == nil)
    }
  }

  @Test func aMovedHomeGoesOn() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      let state = try test.directory.open(folder, app: nil)
      try FileManager.default.moveItem(atPath: test.home.root, toPath: "\(test.path)/moved")
      let moved = home(test, "moved")
      try await StateStore(home: moved).update(state.id) { $0.app = "other" }
      // From then on the new place is the original's.
      var bound = try #require(
        try InstanceDirectory(store: StateStore(home: moved), catalog: .builtIn).existing(
          in: folder))
      try InstanceDirectory(store: StateStore(home: moved), catalog: .builtIn).bind(
        &bound, to: folder)
      try FileManager.default.copyItem(atPath: moved.root, toPath: test.home.root)
      #expect(test.home.original == moved.root && moved.original == nil)
    }
  }

  /// Bug: a copy whose note of its place was damaged went on with its original's containers and ports.
  @Test func whereTheNoteIsDamagedNobodyCanTell() async throws {
    try await TestHome.with { test in
      let state = try test.directory.open(try test.app("web"), app: nil)
      let copy = try copy(test)
      try test.write("{", to: "copy/place")
      let error = try await emulatorError {
        try await StateStore(home: copy).update(state.id) { $0.app = "other" }
      }
      #expect(error.code == .cannotWrite && error.message.contains("may be a copy"))
      #expect(error.suggestion?.contains("rm \(copy.root)/place") == true)
    }
  }

  @Test func aHomeOfAnEarlierDrydockIsNoCopy() async throws {
    try await TestHome.with { test in
      let state = try test.directory.open(try test.app("web"), app: nil)
      try Folder.remove("\(test.home.root)/place")
      let copy = try copy(test)
      try await StateStore(home: copy).update(state.id) { $0.app = "other" }
    }
  }
}
