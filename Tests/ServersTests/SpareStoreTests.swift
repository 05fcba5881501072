import AppStateTestSupport
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import NativeProcess
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Servers

/// New data that was copied from a template beforehand.
@Suite struct SpareStoreTests {
  /// A home with templates of engines that do not exist.
  private struct Store: Sendable {
    static let boot = "00000000-0000-0000-0000-000000000001"
    let test: TestHome
    let tools: EngineTools

    init(_ test: TestHome) throws {
      self.test = test
      tools = EngineTools(
        user: try ProcessUser.unprivileged(["nobody"]),
        keeper: Keeper(executable: try BuiltProducts.executable("drydock-keeper")),
        environment: ["PATH": "/usr/bin:/bin"])
      try test.write("a server", to: "server")
    }

    var spares: Spares { get throws { try #require(Spares(home: test.home, boot: Self.boot)) } }

    func template(_ number: Int = 1) throws -> DataTemplate {
      let installation = NativeInstallation(
        server: "\(test.path)/server", tools: [:], version: try #require(ServerVersion(in: "15.1")),
        banner: "")
      let recipe = NativeRecipe(
        initialise: [NativeCommand("/bin/make-it", ["\(number)"])], serve: NativeCommand("/bin/serve", []))
      return try #require(
        DataTemplate(
          cache: test.home.cache, boot: Self.boot, installation: installation, anywhere: recipe, tools: tools)
      )
    }

    /// A new folder of the engine's user's, in which nothing is.
    func newData(_ name: String) throws -> String {
      let path = "\(test.path)/\(name)"
      try tools.makeFolder(path)
      return path
    }

    /// Makes a template, of which durable data was made.
    func makeTemplate(_ number: Int = 1) async throws -> DataTemplate {
      let template = try template(number)
      let data = try newData("made-\(number)")
      _ = try await template.make(data, until: .after(.seconds(60))) {
        for (name, text) in [("inner", ""), ("inner/file", "made \(number)")] {
          let path = "\(data)/\(name)"
          if text.isEmpty { mkdir(path, 0o700) } else { try Data(text.utf8).write(to: URL(filePath: path)) }
          if let user = tools.user { try Folder.give(path, user: user.userID, group: user.groupID) }
        }
      }
      template.noteDurable()
      return template
    }

    /// Makes a template's spare.
    @discardableResult
    func makeSpare(_ template: DataTemplate) async throws -> Bool {
      let spares = try spares
      let folder = "\(spares.making)/\(InstanceDirectory.randomID())"
      try Folder.make(folder, mode: 0o711)
      return try await spares.make(
        template.name, in: folder, by: tools.keeper, environment: tools.environment,
        until: .after(.seconds(60)))
    }

    func take(_ template: DataTemplate, to data: String) async throws -> Bool {
      try await spares.take(
        template.name, to: data, owner: tools.user, by: tools.keeper, until: .after(.seconds(60)))
    }
  }

  private func withStore(_ body: (Store) async throws -> Void) async throws {
    try await TestHome.with { test in
      // Engines' users have to pass.
      chmod(test.path, 0o755)
      try await body(try Store(test))
    }
  }

  @Test func isTakenByOneOfMany() async throws {
    try await withStore { store in
      let template = try await store.makeTemplate()
      #expect(try await store.makeSpare(template))
      #expect(try store.spares.wanted().isEmpty)
      let entry = try #require(try store.spares.entries().first)
      #expect(entry.condition == .ready && !entry.isInUse && entry.version == "15.1" && entry.bytes > 0)
      let taken = try await withThrowingTaskGroup(of: String?.self) { group in
        for number in 0..<8 {
          let data = try store.newData("data-\(number)")
          group.addTask { try await store.take(template, to: data) ? data : nil }
        }
        return try await group.reduce(into: [String]()) { if let data = $1 { $0.append(data) } }
      }
      let data = try #require(taken.first)
      #expect(taken.count == 1)
      #expect(FileManager.default.contents(atPath: "\(data)/inner/file") == Data("made 1".utf8))
      var info = stat()
      #expect(lstat(data, &info) == 0 && info.st_uid == store.tools.user?.userID ?? geteuid())
      #expect(info.st_mode & 0o7777 == 0o700)
      for number in 0..<8 where data != "\(store.test.path)/data-\(number)" {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(store.test.path)/data-\(number)")
        #expect(names.isEmpty)
      }
      #expect(try store.spares.entries().isEmpty)
      #expect(try store.spares.wanted() == [template.name])
    }
  }

  /// What may happen to a spare.
  enum Damage: Sendable, CaseIterable {
    case changedFile, lostFile, addedFile, lostSeal, foreignSeal, lostData, link, openFolder

    func inflict(on place: SparePlace) throws {
      let files = FileManager.default
      let file = "\(place.data)/inner/file"
      switch self {
      case .changedFile: try Data("made 2".utf8).write(to: URL(filePath: file))
      case .lostFile: try files.removeItem(atPath: file)
      case .addedFile: try Data().write(to: URL(filePath: "\(place.data)/more"))
      case .lostSeal: try files.removeItem(atPath: place.seal)
      case .foreignSeal: try Data("1-2-3.4".utf8).write(to: URL(filePath: place.seal))
      case .lostData: try files.removeItem(atPath: place.data)
      case .link:
        try files.moveItem(atPath: place.data, toPath: "\(place.ready)/elsewhere")
        try files.createSymbolicLink(atPath: place.data, withDestinationPath: "\(place.ready)/elsewhere")
      case .openFolder: chmod(place.data, 0o755)
      }
    }
  }

  @Test(arguments: Damage.allCases) func isDroppedWhereItIsNotAsItWas(_ damage: Damage) async throws {
    try await withStore { store in
      let template = try await store.makeTemplate()
      try await store.makeSpare(template)
      let place = try store.spares.place(of: template.name)
      try damage.inflict(on: place)
      let data = try store.newData("data")
      #expect(try await !store.take(template, to: data))
      #expect(try FileManager.default.contentsOfDirectory(atPath: data).isEmpty)
      #expect(!Folder.exists(place.ready))
      #expect(try await store.makeSpare(template))
      #expect(try await store.take(template, to: data))
    }
  }

  @Test func isDroppedOnceTheServerIsAnotherOrTheMachineStartedAnew() async throws {
    try await withStore { store in
      let template = try await store.makeTemplate()
      try await store.makeSpare(template)
      let later = try #require(Spares(home: store.test.home, boot: "00000000-0000-0000-0000-000000000002"))
      #expect(later.entries().map(\.condition) == [.outdated])
      await later.sweep()
      #expect(later.entries().isEmpty)

      try await store.makeSpare(template)
      try store.test.write("a newer server", to: "server")
      let spares = try store.spares
      #expect(spares.entries().map(\.condition) == [.outdated])
      #expect(spares.wanted().isEmpty)
      #expect(try await !store.makeSpare(template))
      #expect(try await !store.take(try store.template(), to: try store.newData("data")))
      await spares.sweep()
      #expect(spares.entries().isEmpty)
    }
  }

  @Test func thereAreFewAndOfThoseThatWereNeededLast() async throws {
    try await withStore { store in
      var names: [String] = []
      for number in 0...SpareLimits.count {
        let template = try await store.makeTemplate(number)
        try await store.makeSpare(template)
        names.append(template.name)
        let times = [
          timespec(tv_sec: 1000 + number, tv_nsec: 0), timespec(tv_sec: 1000 + number, tv_nsec: 0),
        ]
        utimensat(AT_FDCWD, DataTemplate.durableMark(in: template.folder), times, 0)
      }
      let spares = try store.spares
      #expect(spares.entries().count == SpareLimits.count + 1)
      await spares.sweep()
      let kept = spares.entries().map { URL(filePath: $0.path).lastPathComponent }
      #expect(kept.sorted() == names.dropFirst().sorted())
      #expect(spares.wanted().isEmpty)
      for entry in spares.entries() { #expect(try await spares.remove(entry)) }
      #expect(spares.wanted() == Array(names.dropFirst().reversed()))
    }
  }

  @Test func onlyWhatDurableDataWasMadeOfHasOne() async throws {
    try await withStore { store in
      let template = try await store.makeTemplate()
      unlink(DataTemplate.durableMark(in: template.folder))
      #expect(try store.spares.wanted().isEmpty)
    }
  }

  @Test func whatCannotBeMadeIsLeftForAWhile() async throws {
    try await withStore { store in
      let template = try await store.makeTemplate()
      try FileManager.default.createDirectory(
        atPath: store.test.home.spares, withIntermediateDirectories: true)
      // Nothing can be made in the place of a file.
      try store.test.write("", to: "state/engines-spares/\(Store.boot)")
      #expect(try await !store.makeSpare(template))
      #expect(try store.spares.wanted().isEmpty)
      unlink("\(store.test.home.spares)/\(Store.boot)")
      let mark = DataTemplate.failedMark(in: template.folder)
      utimensat(AT_FDCWD, mark, [timespec(), timespec()], 0)
      #expect(try store.spares.wanted() == [template.name])
      #expect(try await store.makeSpare(template))
    }
  }

  @Test func whoTakesItHasItAlone() async throws {
    try await withStore { store in
      let template = try await store.makeTemplate()
      try await store.makeSpare(template)
      let spares = try store.spares
      let entry = try #require(spares.entries().first)
      let data = try store.newData("data")
      do {
        guard let hold = CacheHold.alone(entry.path) else {
          Issue.record("somebody has it")
          return
        }
        defer { _ = hold }
        #expect(spares.entries().map(\.isInUse) == [true])
        #expect(try await !spares.remove(entry))
        #expect(try await !store.take(template, to: data))
      }
      #expect(try await store.take(template, to: data))
    }
  }

  @Test func aDamagedTemplateGivesNone() async throws {
    try await withStore { store in
      let template = try await store.makeTemplate()
      var bytes = try Data(contentsOf: URL(filePath: template.archive))
      bytes[try #require(bytes.firstRange(of: Data("made 1".utf8))).lowerBound] ^= 1
      try bytes.write(to: URL(filePath: template.archive))
      #expect(try await !store.makeSpare(template))
      #expect(try store.spares.entries().isEmpty)
    }
  }

  @Test func nothingIsBegunWhereNothingIsToBe() async throws {
    try await withStore { store in
      _ = try await store.makeTemplate()
      let keeper = store.tools.keeper.executable
      let ways: [(program: String?, variables: [String: String])] = [
        (nil, [:]), ("/bin/true", ["CI": "true"]), ("/bin/true", ["DRYDOCK_SPARES": "0"]),
      ]
      for way in ways {
        var context = store.test.context
        context.environment = way.variables.merging(["DRYDOCK_KEEPER": keeper]) { $1 }
        context.program = way.program
        await SpareProgram.beginIfWanted(context)
        #expect(!Folder.exists("\(store.test.home.root)/spares"))
      }
      #expect(Spares(home: StateHome(throwAway: "\(store.test.path)/t", beside: store.test.home)) == nil)
    }
  }
}
