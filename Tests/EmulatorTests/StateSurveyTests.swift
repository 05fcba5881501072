import AppStateTestSupport
import ConvoxManifest
import Engines
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Resources

/// What guards data by looking at other instances, where one of them cannot be read.
@Suite struct StateSurveyTests {
  private func context(_ test: TestHome) -> DrydockContext {
    DrydockContext(
      environment: ["DOCKER_HOST": "unix://\(test.path)/none"], currentDirectory: test.path, home: test.home,
      catalog: .builtIn)
  }

  /// An app whose state is damaged.
  private func damaged(_ test: TestHome, _ name: String = "web") throws -> InstanceState {
    let state = try test.directory.open(try test.app(name), app: nil)
    try test.write("{ \"format\": 1, \"id\"", to: "state/instances/\(state.id)/state.json")
    return state
  }

  private func shared(_ test: TestHome, linkedTo app: InstanceState) throws -> InstanceState {
    var shared = state("shared000000", handle: "shared", path: "\(test.path)/shared")
    shared.created = CreatedResource(type: "postgres", parameters: [:])
    shared.created?.links = [app.id]
    try test.store.save(shared)
    return shared
  }

  @Test func unreadStatesAreNotOverlooked() async throws {
    try await TestHome.with { test in
      let damaged = try damaged(test)
      let newer = try test.directory.open(try test.app("newer"), app: nil)
      try test.write("{ \"format\": 999 }", to: "state/instances/\(newer.id)/state.json")
      try test.write("", to: "state/instances/.deleted-x/state.json")
      _ = try test.folder("state/instances/being-made")
      let survey = test.store.survey()
      #expect(survey.instances.isEmpty)
      #expect(
        Dictionary(uniqueKeysWithValues: survey.unread.map { ($0.id, $0.reason) })
          == [damaged.id: .damaged, newer.id: .newer])
    }
  }

  @Test func aCopyOfAnothersStateIsDamage() async throws {
    try await TestHome.with { test in
      let first = try test.directory.open(try test.app("first"), app: nil)
      let second = try test.directory.open(try test.app("second"), app: nil)
      let text = try #require(test.text("state/instances/\(first.id)/state.json"))
      try test.write(text, to: "state/instances/\(second.id)/state.json")
      #expect(test.store.survey().instances.map(\.id) == [first.id])
      #expect(test.store.survey().unread.map(\.id) == [second.id])
      // Its folder begins nothing without its data.
      let error = try await emulatorError {
        _ = try test.directory.open(try test.app("second"), app: nil)
      }
      #expect(error.code == .dataMismatch && error.message.contains("another instance, \(first.id)"))
      #expect(test.store.survey().instances.count == 1)
    }
  }

  @Test(arguments: ["pass\nword", "password\r", "pass\0word", "pass\r\nword"])
  func aPasswordOfSeveralLinesIsDamage(_ password: String) async throws {
    try await TestHome.with { test in
      for isApps in [true, false] {
        var state = try test.directory.open(try test.app("web"), app: nil)
        if isApps { state.resourcePassword = password }
        state.resources["mydb"] = ResourceRecord(
          type: "mysql", administratorPassword: isApps ? "" : password, wantedVersion: "8.0", options: [:])
        try test.store.save(state)
        let error = try await emulatorError { _ = try test.store.load(state.id) }
        #expect(error.code == .dataMismatch && error.message.contains("a password in it"))
        #expect(test.store.survey().unread.map(\.reason) == [.damaged])
        try test.store.delete(state.id)
      }
    }
  }

  @Test func aLinkedResourceIsNotDeleted() async throws {
    try await TestHome.with { test in
      let app = try damaged(test)
      let shared = try shared(test, linkedTo: app)
      let error = try await emulatorError {
        try LinkedResources(context: test.context).refuseDeletion(shared)
      }
      #expect(error.code == .dataMismatch)
      #expect(error.message.contains("\(test.home.instance(app.id))/state.json"))
      #expect(error.suggestion?.contains("drydock prune --damaged") == true)
      let other = try test.directory.open(try test.app("other"), app: nil)
      var unlinked = shared
      unlinked.created?.links = [other.id]
      try test.store.delete(other.id)
      try LinkedResources(context: test.context).refuseDeletion(unlinked)
    }
  }

  /// Nobody knows what is there; nothing may be decided as if nothing were.
  @Test func instancesThatCannotBeListedGuardAllTheSame() async throws {
    try await TestHome.with { test in
      let app = try test.directory.open(try test.app("web"), app: nil)
      let shared = try shared(test, linkedTo: app)
      let (folder, aside) = ("\(test.home.root)/instances", "\(test.home.root)/aside")
      try FileManager.default.moveItem(atPath: folder, toPath: aside)
      #expect(try test.store.survey().complete("anything").isEmpty, "none was made yet")
      try Data().write(to: URL(filePath: folder))
      let refusals = [
        try await emulatorError { _ = try test.store.survey().complete("anything") },
        try await emulatorError { try LinkedResources(context: test.context).refuseDeletion(shared) },
      ]
      for refusal in refusals { #expect(refusal.message == "\(folder) cannot be read") }
    }
  }

  @Test func aNameThatMayBeTakenIsNotGiven() async throws {
    try await TestHome.with { test in
      _ = try damaged(test)
      let error = try await emulatorError {
        _ = try await test.directory.create(app: "demo", until: .after(.seconds(30)))
      }
      #expect(error.code == .dataMismatch)
      let new = try test.directory.open(try test.app("1/web"), app: nil)
      #expect(new.handle == "web-\(new.id.prefix(4))", "the other's handle may be web")
      #expect(test.directory.otherHandle(new)?.contains("cannot be read") == true)
      #expect(test.directory.app(named: "web") == nil, "nor is the app of a name guessed")
    }
  }

  @Test func itsOwnFolderFindsIt() async throws {
    try await TestHome.with { test in
      let app = try damaged(test)
      let folder = try test.app("web")
      #expect(throws: DrydockError.self) { try test.directory.existing(in: folder) }
      #expect(test.directory.unread(in: folder)?.id == app.id)
      let other = try test.app("other")
      #expect(test.directory.unread(in: other) == nil)
      var lines: [String] = []
      _ = try test.directory.open(other, app: nil) { lines.append($0) }
      #expect(lines.contains { $0.contains(app.id) }, "a folder without an id may have been its")
    }
  }

  @Test func whatIsDamagedIsGivenUpAndWhatIsNewerStays() async throws {
    try await TestHome.with { test in
      let app = try damaged(test)
      let newer = try test.directory.open(try test.app("newer"), app: nil)
      try test.write("{ \"format\": 999 }", to: "state/instances/\(newer.id)/state.json")
      try test.write("data", to: "state/engines/\(app.id)/mydb/data/file")
      try test.write("\(app.id)/mydb", to: "state/ports/15001")
      try test.write("\(newer.id)/mydb", to: "state/ports/15002")
      let found = try await UnreadInstance(
        context: context(test), unread: try #require(test.store.survey().unread.first { $0.id == app.id })
      ).status()
      #expect(found.map(\.resource) == ["mydb"] && found.map(\.status) == [.stopped])
      for unread in test.store.survey().unread {
        let instance = UnreadInstance(context: context(test), unread: unread)
        do {
          try await instance.remove(until: .after(.seconds(30))) { _ in }
          #expect(unread.id == app.id)
        } catch let error as DrydockError {
          #expect(unread.id == newer.id && error.suggestion == "update drydock")
        }
      }
      #expect(!Folder.exists(test.home.instance(app.id)) && !Folder.exists("\(test.home.engines)/\(app.id)"))
      #expect(Folder.exists(test.home.instance(newer.id)))
      #expect(test.text("state/ports/15001") == nil && test.text("state/ports/15002") != nil)
    }
  }

  /// Bug: an engines' folder that could not be read counted as empty, and what ran there was given up with its data.
  @Test func enginesThatCannotBeSeenAreNotGivenUp() async throws {
    try await TestHome.with { test in
      let app = try damaged(test)
      let engines = "\(test.home.engines)/\(app.id)"
      _ = try test.folder("state/engines")
      try FileManager.default.createSymbolicLink(atPath: engines, withDestinationPath: engines)
      let unread = try #require(test.store.survey().unread.first)
      let error = try await emulatorError {
        try await UnreadInstance(context: context(test), unread: unread).remove(until: .after(.seconds(30))) {
          _ in
        }
      }
      #expect(error.message.contains("cannot read \(engines)"))
      #expect(Folder.exists(test.home.instance(app.id)))
    }
  }
}
