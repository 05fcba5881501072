import AppStateTestSupport
import Engines
import Foundation
import MonotonicTime
import NativeProcess
import Synchronization
import Testing

@testable import AppState
@testable import Servers

@Suite struct DataTemplateTests {
  /// Data directories of one engine, which count how often one was made by the engine's tools.
  private final class Workshop: Sendable {
    let test: TestHome
    let made = Mutex(0)
    private let version: ServerVersion

    init(_ test: TestHome) throws {
      self.test = test
      self.version = try #require(ServerVersion(in: "15.1"))
    }

    func template(
      boot: String = "00000000-0000-0000-0000-000000000001", server: String = "/bin/sh",
      arguments: [String] = ["--make"],
      patience: Duration = .seconds(15)
    ) -> DataTemplate? {
      let installation = NativeInstallation(
        server: server, tools: [:], version: version, banner: "")
      let recipe = NativeRecipe(
        initialise: [NativeCommand("/bin/make-it", arguments)], serve: NativeCommand("/bin/serve", []))
      return DataTemplate(
        cache: "\(test.path)/cache", boot: boot, installation: installation, anywhere: recipe,
        tools: EngineTools(
          user: nil, keeper: Keeper(executable: "/nonexistent"), environment: ["PATH": "/usr/bin:/bin"]),
        patience: patience)
    }

    /// Fills a new directory, and says what is in it then.
    /// - Parameter working: Done by the engine's tools before anything else.
    func fill(
      _ name: String, by template: DataTemplate?, working: () async throws -> Void = {}
    ) async throws -> String? {
      let data = "\(test.path)/\(name)"
      try Folder.make(data, mode: 0o700)
      _ = try await #require(template).fill(data, progress: { _ in }, until: .after(.seconds(60))) {
        try await working()
        let number = made.withLock { made -> Int in
          made += 1
          return made
        }
        try test.write("made \(number)", to: "\(name)/inner/file")
        chmod("\(data)/inner", 0o710)
      }
      #expect(test.mode(name) == 0o700 && test.mode("\(name)/inner") == 0o710)
      return test.text("\(name)/inner/file")
    }

    func expect(
      _ text: String, in name: String, by template: DataTemplate?,
      sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
      let found = try await fill(name, by: template)
      #expect(found == text, sourceLocation: sourceLocation)
    }

    var archives: [URL] { files("data.tar") }

    /// The files of that name in the cache.
    func files(_ name: String) -> [URL] {
      FileManager.default.enumerator(
        at: URL(filePath: "\(test.path)/cache"), includingPropertiesForKeys: nil)?
        .compactMap { $0 as? URL }.filter { $0.lastPathComponent == name } ?? []
    }
  }

  private func withWorkshop(_ body: (Workshop) async throws -> Void) async throws {
    try await TestHome.with { try await body(Workshop($0)) }
  }

  @Test func theThirdIsACopyOfTheSecond() async throws {
    try await withWorkshop { workshop in
      try await workshop.expect("made 1", in: "a", by: workshop.template())
      #expect(workshop.archives.isEmpty)
      try await workshop.expect("made 2", in: "b", by: workshop.template())
      #expect(workshop.archives.count == 1)
      try await workshop.expect("made 2", in: "c", by: workshop.template())
      try await workshop.expect("made 2", in: "d", by: workshop.template())
    }
  }

  @Test func whoComesMeanwhileWaitsForIt() async throws {
    try await withWorkshop { workshop in
      try await withThrowingTaskGroup(of: String?.self) { group in
        for name in ["a", "b"] {
          group.addTask {
            try await workshop.fill(name, by: workshop.template()) {
              var pause = Backoff()
              while workshop.files("needed-again").isEmpty {
                try await pause.sleep(until: .after(.seconds(60)), "the other")
              }
            }
          }
        }
        for try await text in group { #expect(text == "made 1") }
      }
      #expect(workshop.archives.count == 1)
    }
  }

  @Test func otherServersAndOtherCommandsMakeTheirOwn() async throws {
    try await withWorkshop { workshop in
      _ = try await workshop.fill("a", by: workshop.template())
      try await workshop.expect("made 2", in: "b", by: workshop.template())
      let others = [
        workshop.template(server: "/bin/cat"), workshop.template(arguments: ["--make", "--other"]),
      ]
      for (index, other) in others.enumerated() {
        try await workshop.expect("made \(3 + index)", in: "c\(index)", by: other)
      }
    }
  }

  /// Nothing in a template was forced to disk.
  @Test func whatWasMadeBeforeTheMachineStartedIsGone() async throws {
    try await withWorkshop { workshop in
      _ = try await workshop.fill("a", by: workshop.template())
      try await workshop.expect("made 2", in: "b", by: workshop.template())
      #expect(workshop.archives.count == 1)
      try await workshop.expect(
        "made 3", in: "c", by: workshop.template(boot: "00000000-0000-0000-0000-000000000002"))
      #expect(workshop.archives.isEmpty)
    }
  }

  /// What may happen to an archive on disk.
  enum Damage: Sendable, CaseIterable {
    /// Between two files, which tar would not mind.
    case cut
    case cutInAFile
    /// Nothing is in it, and tar does not mind.
    case zeroed
    case oneBit
    /// Sealed by a drydock that knew no checksums.
    case withoutChecksum
    case unreadable
    case aFolder

    func inflict(on archive: URL) throws {
      let seal = archive.deletingLastPathComponent().deletingLastPathComponent().appending(path: "sealed")
      var bytes = try Data(contentsOf: archive)
      switch self {
      case .cut: bytes = bytes.prefix(1024)
      case .cutInAFile: bytes = bytes.prefix(1540)
      case .zeroed: bytes = Data(count: bytes.count)
      case .oneBit: bytes[try #require(bytes.firstRange(of: Data("made 2".utf8))).lowerBound] ^= 1
      case .withoutChecksum: return try Data("\(bytes.count)".utf8).write(to: seal)
      case .unreadable: chmod(archive.path, 0)
      case .aFolder:
        try FileManager.default.removeItem(at: archive)
        return try FileManager.default.createDirectory(at: archive, withIntermediateDirectories: false)
      }
      if self != .unreadable { try bytes.write(to: archive) }
    }
  }

  /// Bug: a zeroed archive gave every new instance an empty data directory.
  @Test(arguments: Damage.allCases.filter { getuid() != 0 || $0 != .unreadable })
  func aBrokenOneIsMadeAgain(_ damage: Damage) async throws {
    try await withWorkshop { workshop in
      _ = try await workshop.fill("a", by: workshop.template())
      _ = try await workshop.fill("b", by: workshop.template())
      try damage.inflict(on: try #require(workshop.archives.first))
      try await workshop.expect("made 3", in: "c", by: workshop.template())
      try await workshop.expect("made 3", in: "d", by: workshop.template())
    }
  }

  @Test func aCacheThatCannotBeWrittenIsDoneWithout() async throws {
    try await withWorkshop { workshop in
      try workshop.test.write("", to: "cache")
      try await workshop.expect("made 1", in: "a", by: workshop.template())
      try await workshop.expect("made 2", in: "b", by: workshop.template())
    }
  }

  /// Bug: run by root, what another user had linked into the cache was emptied.
  @Test func aCacheThatLeadsElsewhereIsDoneWithout() async throws {
    try await withWorkshop { workshop in
      try workshop.test.write("precious", to: "elsewhere/another-boot/file")
      _ = try workshop.test.folder("cache")
      try FileManager.default.createSymbolicLink(
        atPath: "\(workshop.test.path)/cache/templates",
        withDestinationPath: "\(workshop.test.path)/elsewhere")
      try await workshop.expect("made 1", in: "a", by: workshop.template())
      try await workshop.expect("made 2", in: "b", by: workshop.template())
      #expect(workshop.test.text("elsewhere/another-boot/file") == "precious")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(workshop.test.path)/elsewhere").count == 1)
    }
  }

  /// Bug: whatever folders of root's lay in a place that the cache led to were taken for earlier boots.
  @Test func onlyEarlierBootsAreRemoved() async throws {
    try await withWorkshop { workshop in
      try workshop.test.write("precious", to: "cache/templates/of-somebody/file")
      try await workshop.expect("made 1", in: "a", by: workshop.template())
      #expect(workshop.test.text("cache/templates/of-somebody/file") == "precious")
    }
  }

  @Test(.enabled(if: getuid() == 0)) func rootFollowsNoLinkToItsCache() async throws {
    try await withWorkshop { workshop in
      let elsewhere = try workshop.test.folder("elsewhere")
      try FileManager.default.createSymbolicLink(
        atPath: "\(workshop.test.path)/cache", withDestinationPath: elsewhere)
      try await workshop.expect("made 1", in: "a", by: workshop.template())
      #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere).isEmpty)
    }
  }

  /// Bug: an initialisation that hung held up every other app.
  @Test func nobodyWaitsForEver() async throws {
    try await withWorkshop { workshop in
      _ = try await workshop.fill("a", by: workshop.template())
      let making = try #require(workshop.files("making").first)
      let lock = try await InstanceLock.acquire(making.path, until: .after(.seconds(10)))
      defer { _ = lock }
      try await workshop.expect("made 2", in: "b", by: workshop.template(patience: .milliseconds(50)))
    }
  }

  @Test func afterAFailureTheNextTriesAgain() async throws {
    try await withWorkshop { workshop in
      let data = try workshop.test.folder("a")
      let template = try #require(workshop.template())
      await #expect(throws: CancellationError.self) {
        _ = try await template.fill(data, progress: { _ in }, until: .after(.seconds(60))) {
          throw CancellationError()
        }
      }
      #expect(workshop.archives.isEmpty)
      try await workshop.expect("made 1", in: "b", by: workshop.template())
    }
  }

  @Test func whatMakesItsOwnDataHasNone() throws {
    let installation = NativeInstallation(
      server: "/bin/sh", tools: [:], version: try #require(ServerVersion(in: "7.0")), banner: "")
    let recipe = NativeRecipe(serve: NativeCommand("/bin/serve", []))
    let tools = EngineTools(user: nil, keeper: Keeper(executable: "/nonexistent"), environment: [:])
    #expect(
      DataTemplate(cache: "/c", boot: "b", installation: installation, anywhere: recipe, tools: tools) == nil)
  }
}
