import ConvoxManifest
import DrydockBase
import DrydockTestSupport
import FileWatch
import Foundation
import ImageBuilds
import LocalFiles
import MonotonicTime
import Synchronization
import Testing

@testable import LiveCode

/// An app in a folder, whose service `web` has containers in memory.
private final class Site: LiveApp {
  struct State {
    var lines: [String] = []
    var renewed: [String] = []
    var failures = 0
  }

  let state = Mutex(State())
  let containers = FakeContainers()
  let journal = CodeJournal()
  let root: DirectoryDescriptor
  private let rules: [DrydockSettings.WatchRule]
  private let mounts: [String]
  private let isReady: @Sendable () -> Void

  init(
    _ folder: URL, rules: [DrydockSettings.WatchRule], mounts: [String],
    isReady: @escaping @Sendable () -> Void
  ) throws {
    root = try DirectoryDescriptor(folder.path, followingLink: true)
    self.rules = rules
    self.mounts = mounts
    self.isReady = isReady
  }

  var lines: [String] { state.withLock(\.lines) }
  var renewed: [String] { state.withLock(\.renewed) }

  var fallback: LivePlan { LivePlan(services: [], controls: ["convox.yml": .manifest]) }

  func plan() async throws -> LivePlan {
    var service = LiveService(name: "web", isInContainers: true)
    service.mounts = mounts
    service.rules = try rules.map { try LiveRule($0, of: "web") }
    let context = try BuildContext(app: root.path, path: ".", manifest: "Dockerfile")
    service.code = ImageCode(context: context, stage: try context.dockerfile.running(development: true))
    return LivePlan(
      services: [service],
      controls: [
        "convox.yml": .manifest, "Dockerfile": .build(["web"]), ".dockerignore": .build(["web"]),
      ])
  }

  func target() async throws -> any CodeTarget { containers }

  func image(of service: String) async throws -> String? {
    isReady()
    return "image"
  }

  func renew(_ service: String) async throws {
    try state.withLock { state in
      state.renewed.append(service)
      if state.failures > 0 {
        state.failures -= 1
        throw DrydockError(.failed, "it does not build")
      }
    }
  }

  func manifestChanged() { state.withLock { $0.lines.append("manifest") } }

  func tell(_ event: LiveEvent) {
    let line =
      switch event {
      case .synced(let line), .renewing(let line): line
      case .failed(let error): DrydockError(error).message
      }
    state.withLock { $0.lines.append(line) }
  }
}

@Suite("Live code", .timeLimit(.minutes(15)))
struct LiveCodeTests {
  /// Runs a live code over an app with these files, whose service `web` has a container that has them too.
  private func living(
    _ files: [String: String], rules: [DrydockSettings.WatchRule] = [], mounts: [String] = [],
    _ body: (URL, Site) async throws -> Void
  ) async throws {
    try await withTestFolder { folder in
      for (path, text) in files { try write(path, text, in: folder) }
      let (isReady, ready) = AsyncStream.makeStream(of: Void.self)
      let site = try Site(folder, rules: rules, mounts: mounts) { ready.yield() }
      let code = LiveCode(site, journal: site.journal, quiet: .milliseconds(10), limit: .milliseconds(50))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await code.run() }
        // Asked for once everything is heard.
        for await _ in isReady { break }
        try await body(folder, site)
        group.cancelAll()
      }
    }
  }

  private func write(_ path: String, _ text: String, in folder: URL) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  @Test("what changes goes into every container, and into none but the service's")
  func files() async throws {
    try await living(["Dockerfile": "FROM a\nCOPY --chown=app:staff . /app\n"]) { folder, site in
      for name in ["one", "two"] { site.containers.start(name, of: "web") }
      site.containers.start("other", of: "worker")
      try write("src/a.txt", "hello", in: folder)
      let file = FakeContainers.Entry.file(Array("hello".utf8), mode: 0o644, owner: "7:50")
      try await eventually("the file in both") {
        ["one", "two"].allSatisfy { site.containers.tree($0, below: "/app")["src/a.txt"] == file }
      }
      try await eventually("a line") { site.lines.contains("sync: 1 file to web: src/a.txt") }
      #expect(site.containers.tree("other", below: "/").isEmpty)
      #expect(site.containers.archives == 2)
    }
  }

  @Test("a generated history of edits leaves a container with the tree", arguments: [1, 2, 3, 4])
  func history(_ seed: UInt64) async throws {
    try await living(["Dockerfile": "FROM a\nCOPY tree /app\n", "tree/a": "1"]) { folder, site in
      site.containers.start("one", of: "web", with: ["/app/a": .file([49], mode: 0o644, owner: "0:0")])
      let place = folder.appending(path: "tree")
      var edits = RandomEdits(place, seed: seed)
      for round in 0..<8 {
        for _ in 0..<30 { edits.next() }
        let wanted = try tree(place)
        do {
          try await eventually("round \(round) of seed \(seed)", within: .seconds(60)) {
            site.containers.tree("one", below: "/app") == wanted
          }
        } catch is TimeoutError {
          let found = site.containers.tree("one", below: "/app")
          let paths = Set(found.keys).union(wanted.keys).filter { found[$0] != wanted[$0] }.sorted()
          let lines = paths.map {
            "\($0): \(found[$0].map { "\($0)" } ?? "-"), wanted \(wanted[$0].map { "\($0)" } ?? "-")"
          }
          Issue.record("round \(round) of seed \(seed): \(lines)")
          return
        }
      }
      #expect(site.renewed.isEmpty, "\(site.lines)")
    }
  }

  @Test("thousands of files in one go")
  func thousands() async throws {
    try await living(["Dockerfile": "FROM a\nCOPY tree /app\n", "tree/a": "1"]) { folder, site in
      site.containers.start("one", of: "web", with: ["/app/a": .file([49], mode: 0o644, owner: "0:0")])
      let place = folder.appending(path: "tree")
      for number in 0..<5_000 {
        let path = "\(place.path)/file\(number)"
        for text in ["a", "b"] { try Data(text.utf8).write(to: URL(filePath: path)) }
        if number % 7 == 0 { rename(path, path + "x") }
        if number % 11 == 0 { unlink(path) }
      }
      let wanted = try tree(place)
      try await eventually("all of them") { site.containers.tree("one", below: "/app") == wanted }
    }
  }

  @Test("ignored files, drydock's folder, git's and what lies behind a mount stay here")
  func staysHere() async throws {
    let files = ["Dockerfile": "FROM a\nCOPY . /app\n", ".dockerignore": "*.log\nnode_modules\n"]
    try await living(files, mounts: ["/app/data"]) { folder, site in
      site.containers.start("one", of: "web")
      for path in [
        "a.log", "node_modules/b", ".drydock/secret", "sub/.drydock/secret", ".git/index", "data/c",
      ] { try write(path, "x", in: folder) }
      try write("last", "x", in: folder)
      try await eventually("the last") { site.containers.tree("one", below: "/app")["last"] != nil }
      #expect(site.containers.tree("one", below: "/app").keys.sorted() == ["last", "sub"])
    }
  }

  @Test("what a RUN made something of, a Dockerfile and an ignore file: built again, said with the line")
  func rebuilds() async throws {
    try await living(["Dockerfile": "FROM a\nCOPY lock /app/\nRUN x\nCOPY src /app\n"]) { folder, site in
      site.containers.start("one", of: "web")
      for (path, line) in [
        ("lock", "rebuild web: Dockerfile:2: lock is copied here, and line 3 makes something of it"),
        ("Dockerfile", "rebuild web: Dockerfile changed"),
        (".dockerignore", "rebuild web: .dockerignore changed"),
      ] {
        let count = site.renewed.count
        try write(path, path == "Dockerfile" ? "FROM a\nCOPY src /app\n" : "x", in: folder)
        try await eventually(path) { site.renewed.count > count && site.lines.contains(line) }
      }
      #expect(site.containers.archives == 0)
      try write("src/a", "x", in: folder)
      try await eventually("a file by the new Dockerfile") {
        site.containers.tree("one", below: "/app")["a"] != nil
      }
    }
  }

  @Test("where a build failed, the next change is tried again")
  func failedBuild() async throws {
    try await living(["Dockerfile": "FROM a\nCOPY . /app\n"], rules: [.init("lock", .rebuild)]) {
      folder, site in
      site.state.withLock { $0.failures = 1 }
      try write("lock", "x", in: folder)
      try await eventually("the failure") { site.lines.contains("it does not build") }
      try write("src", "x", in: folder)
      try await eventually("another build") { site.renewed.count == 2 }
    }
  }

  @Test("an image without rm, and an engine that fails: built again")
  func cannotCarry() async throws {
    try await living(["Dockerfile": "FROM a\nCOPY . /app\n", "src/a": "x", "src/b": "x"]) { folder, site in
      site.containers.start("one", of: "web")
      site.containers.hasRemove = false
      try FileManager.default.removeItem(at: folder.appending(path: "src/a"))
      try await eventually("no rm") { site.renewed.count == 1 }
      site.containers.isBroken = true
      try write("src/b", "y", in: folder)
      try await eventually("a failure") { site.renewed.count == 2 }
    }
  }

  @Test("the first rule of drydock.yml that fits counts")
  func rules() async throws {
    let rules: [DrydockSettings.WatchRule] = [
      .init("src/*.md", .off), .init("src", .syncAndRestart), .init("config", .sync), .init(".", .restart),
    ]
    try await living(["Dockerfile": "FROM a\nCOPY config /app\nRUN x\nCOPY src /src\n"], rules: rules) {
      folder, site in
      site.containers.start("one", of: "web")
      try write("src/a.md", "x", in: folder)
      try write("config/a", "x", in: folder)
      // Whatever a RUN may have made of it.
      try await eventually("sync") { site.containers.tree("one", below: "/app")["a"] != nil }
      #expect(site.renewed.isEmpty)
      try write("src/a.rb", "x", in: folder)
      try await eventually("restart") { site.lines.contains("restart web: src/a.rb changed") }
      try write("other", "x", in: folder)
      try await eventually("restart") { site.lines.contains("restart web: other changed") }
      #expect(!site.lines.contains { $0.contains(".md") })
    }
  }

  @Test("convox.yml and a container that was started while files changed")
  func manifestAndArrival() async throws {
    try await living(["Dockerfile": "FROM a\nCOPY . /app\n"]) { folder, site in
      site.journal.built("image", of: "web", at: site.journal.mark)
      let mark = site.journal.mark
      try write("convox.yml", "x", in: folder)
      try await eventually("the manifest") { site.lines.contains("manifest") }
      try write("a", "x", in: folder)
      try await eventually("a change on record") { site.journal.image(of: "web") == nil }
      site.containers.start("new", of: "web")
      site.journal.started("new", of: "web", mark: mark)
      try await eventually("what its image lacks") {
        site.containers.tree("new", below: "/app")["a"] != nil
      }
    }
  }
}
