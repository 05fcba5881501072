import DrydockBase
import DrydockTestSupport
import FileWatch
import Foundation
import LocalFiles
import MonotonicTime
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A copy of a tree that is kept alike by what a watch tells, as a sync would keep it.
private final class Mirror: Sendable {
  struct State {
    var kinds: [String: TreeChange.Kind] = [:]
    var batches = 0
    var last: [TreeChange] = []
  }
  let state = Mutex(State())

  func take(_ changes: [TreeChange]) {
    state.withLock { state in
      state.batches += 1
      state.last = changes
      for change in changes { state.kinds[change.path] = change.kind == .removed ? nil : change.kind }
    }
  }

  func holds(_ paths: Set<String>) -> Bool { state.withLock { Set($0.kinds.keys) } == paths }
}

private struct Without: TreeRules {
  let name: String
  func counts(_ path: String, isFolder: Bool) -> Bool { path != name }
}

/// Both ways: by the system's events, and by looking again and again.
@Suite("A watch over a tree", .serialized) struct TreeWatchTests {
  private func watching(
    _ folder: URL, hearsEvents: Bool, rules: any TreeRules = EveryFile(),
    _ body: (Mirror) async throws -> Void
  ) async throws {
    let root = try DirectoryDescriptor(folder.path, followingLink: true)
    let watch = TreeWatch(
      root, rules: rules, quiet: .milliseconds(20), limit: .milliseconds(100), period: .milliseconds(20),
      hearsEvents: hearsEvents)
    let mirror = Mirror()
    let (isReady, begin) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await watch.run(ready: { begin.yield() }, each: { mirror.take($0) })
      }
      for await _ in isReady { break }
      try await body(mirror)
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
  }

  /// What is in a folder, by another reader.
  private func paths(_ folder: URL) -> Set<String> {
    let base = folder.resolvingSymlinksInPath().path + "/"
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return Set(all.map { $0.hasPrefix(base) ? String($0.dropFirst(base.count)) : $0 })
  }

  private func write(_ path: String, _ text: String, in folder: URL) throws {
    let file = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Quicker than Foundation's way, which writes another file and renames it.
  private static func append(_ text: String, to path: String, in folder: URL) throws {
    let file = open(folder.path + "/" + path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    try #require(file >= 0)
    _ = text.withCString { writeBytes(file, $0) }
    close(file)
  }

  @Test(arguments: [true, false])
  func tellsWhatChanges(hearsEvents: Bool) async throws {
    try await withTestFolder { folder in
      try write("old/a", "1", in: folder)
      try write("old/b", "1", in: folder)
      try await watching(folder, hearsEvents: hearsEvents) { mirror in
        #expect(mirror.state.withLock { $0.batches } == 0)
        try write("new/deep/c", "1", in: folder)
        try await eventually("new files") { mirror.holds(["new", "new/deep", "new/deep/c"]) }
        try write("old/a", "22", in: folder)
        try await eventually("a change") { mirror.state.withLock { $0.kinds["old/a"] } == .file }
        chmod(folder.appendingPathComponent("old/b").path, 0o755)
        try await eventually("a mode") { mirror.state.withLock { $0.kinds["old/b"] } == .file }
        symlink("c", folder.appendingPathComponent("new/deep/link").path)
        try await eventually("a link") { mirror.state.withLock { $0.kinds["new/deep/link"] } == .link }
        rename(folder.appendingPathComponent("new").path, folder.appendingPathComponent("moved").path)
        try await eventually("a move") {
          mirror.holds(["moved", "moved/deep", "moved/deep/c", "moved/deep/link", "old/a", "old/b"])
        }
        // Behind the move it is still watched.
        try write("moved/deep/d", "1", in: folder)
        try await eventually("a file behind the move") {
          mirror.state.withLock { $0.kinds["moved/deep/d"] } == .file
        }
        try FileManager.default.removeItem(at: folder.appendingPathComponent("moved"))
        try await eventually("a removal") { mirror.holds(["old/a", "old/b"]) }
        #expect(
          mirror.state.withLock { $0.last.first }
            == TreeChange(path: "moved", kind: .removed, wasFolder: true))
      }
    }
  }

  /// The kernel keeps 16,384 events: what is lost shows when the tree is read again.
  @Test(arguments: [true, false])
  func fiveThousandFilesMovedThreeTimes(hearsEvents: Bool) async throws {
    try await withTestFolder { folder in
      try await watching(folder, hearsEvents: hearsEvents) { mirror in
        for number in 0..<50 { try write("many/\(number)/\(number)", "\(number)", in: folder) }
        for number in 50..<5_000 {
          try Self.append("\(number)", to: "many/\(number % 50)/\(number)", in: folder)
        }
        for name in ["second", "third", "last"] {
          let from = try #require(FileManager.default.contentsOfDirectory(atPath: folder.path).first)
          rename(folder.appendingPathComponent(from).path, folder.appendingPathComponent(name).path)
          for number in stride(from: 0, to: 5_000, by: 7) {
            try Self.append(name, to: "\(name)/\(number % 50)/\(number)", in: folder)
          }
        }
        for number in stride(from: 0, to: 5_000, by: 5) {
          unlink(folder.appendingPathComponent("last/\(number % 50)/\(number)").path)
        }
        let wanted = paths(folder)
        #expect(wanted.count == 4_000 + 51)
        try await eventually("everything") { mirror.holds(wanted) }
      }
    }
  }

  /// Folders that change places keep their numbers, and with them their watches.
  @Test func foldersThatChangePlaces() async throws {
    try await withTestFolder { folder in
      try write("a/one", "1", in: folder)
      try write("b/two", "1", in: folder)
      try await watching(folder, hearsEvents: true) { mirror in
        func place(_ name: String) -> String { folder.appendingPathComponent(name).path }
        rename(place("a"), place("c"))
        rename(place("b"), place("a"))
        rename(place("c"), place("b"))
        try await eventually("the change") { mirror.holds(["a", "a/two", "b", "b/one"]) }
        try write("a/three", "1", in: folder)
        try write("b/four", "1", in: folder)
        try await eventually("files in both") {
          mirror.holds(["a", "a/two", "a/three", "b", "b/one", "b/four"])
        }
      }
    }
  }

  /// A file system gives the number of a folder that is gone to the next one, of which the watch knows nothing.
  @Test func aFolderThatIsMadeAnewIsWatched() async throws {
    try await withTestFolder { folder in
      try write("a/old", "1", in: folder)
      try await watching(folder, hearsEvents: true) { mirror in
        let place = folder.appendingPathComponent("a").path
        for round in 0..<10 {
          try FileManager.default.removeItem(atPath: place)
          mkdir(place, 0o755)
          try write("a/between \(round)", "1", in: folder)
          try await eventually("what came with it") { mirror.holds(["a", "a/between \(round)"]) }
          try write("a/new", "1", in: folder)
          try await eventually("what came later") {
            mirror.holds(["a", "a/between \(round)", "a/new"])
          }
        }
      }
    }
  }

  @Test func aFileThatIsReplacedAsAWholeWasNeverGone() async throws {
    try await withTestFolder { folder in
      try write("a", "1", in: folder)
      try await watching(folder, hearsEvents: true) { mirror in
        try write("a.new", "2", in: folder)
        rename(folder.appendingPathComponent("a.new").path, folder.appendingPathComponent("a").path)
        try await eventually("the change") { mirror.holds(["a"]) }
        #expect(
          mirror.state.withLock { $0.last.filter { $0.path == "a" } } == [TreeChange(path: "a", kind: .file)])
      }
    }
  }

  @Test func whatDoesNotCountIsNotLookedInto() async throws {
    try await withTestFolder { folder in
      try write("node_modules/x", "1", in: folder)
      try await watching(folder, hearsEvents: true, rules: Without(name: "node_modules")) { mirror in
        try write("node_modules/y", "1", in: folder)
        try write("a", "1", in: folder)
        try await eventually("the other") { mirror.state.withLock { $0.kinds["a"] } != nil }
        #expect(mirror.holds(["a"]))
      }
    }
  }

  @Test(arguments: [true, false])
  func aTreeThatIsGoneEndsTheWatch(hearsEvents: Bool) async throws {
    try await withTestFolder { folder in
      let tree = folder.appendingPathComponent("tree")
      try write("a", "1", in: tree)
      let root = try DirectoryDescriptor(tree.path, followingLink: true)
      let watch = TreeWatch(root, period: .milliseconds(20), hearsEvents: hearsEvents)
      let error = await #expect(throws: DrydockError.self) {
        try await watch.run(
          ready: { try FileManager.default.removeItem(at: tree) }, each: { _ in })
      }
      #expect(error?.message.hasSuffix("is gone: nothing is watched any more") == true)
    }
  }
}

/// The system's call, which the suite's own name would hide.
private func writeBytes(_ file: Int32, _ text: UnsafePointer<CChar>) -> Int {
  write(file, text, strlen(text))
}
