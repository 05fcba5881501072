package import DrydockBase
package import LocalFiles
import MonotonicTime

/// Tells what changes in a tree of files, some changes at a time.
///
/// Where the system tells of changes (inotify), it is heard; where it has no more room for that, and on systems that have no
/// such thing, the tree is looked at again and again.
package struct TreeWatch: Sendable {
  /// The tree's root.
  package let root: DirectoryDescriptor
  private let rules: any TreeRules
  /// How long nothing has to change before changes are told.
  private let quiet: Duration
  /// How long changes are kept back at most.
  private let limit: Duration
  /// How often a tree is looked at of whose changes the system does not tell.
  private let period: Duration
  private let hearsEvents: Bool

  /// How long after the last change the whole tree is looked at once more.
  private static let rest = Duration.seconds(1)

  /// A watch over a tree.
  package init(
    _ root: DirectoryDescriptor, rules: any TreeRules = EveryFile(), quiet: Duration = .milliseconds(100),
    limit: Duration = .milliseconds(500), period: Duration = .seconds(1), hearsEvents: Bool = true
  ) {
    self.root = root
    self.rules = rules
    self.quiet = quiet
    self.limit = limit
    self.period = period
    self.hearsEvents = hearsEvents && FolderEvents.areThere
  }

  /// Watches until it is cancelled.
  /// - Parameters:
  ///   - ready: Called once every change from now on will be told.
  ///   - limited: Called where the system has no more room; the tree is then looked at again and again.
  ///   - each: Called with changes, in an order in which they can be carried out: folders before what is in them. What
  ///     changes meanwhile is told afterwards.
  /// - Throws: `CancellationError`; `DrydockError` when the tree is gone; what `each` throws.
  package func run(
    ready: @Sendable () async throws -> Void = {}, limited: @Sendable (DrydockError) async -> Void = { _ in },
    each: @Sendable ([TreeChange]) async throws -> Void
  ) async throws {
    let reader = TreeReader(root, rules)
    if hearsEvents {
      do {
        try await hear(reader, ready, each)
      } catch let limit as WatchLimit {
        await limited(limit.reason)
        await reader.stopHearing()
      }
    } else {
      _ = try await reader.readAll()
      try await ready()
    }
    while true {
      try await Task.sleep(for: period, clock: SuspendingClock())
      try await tell(try await reader.readAll(), each)
    }
  }

  private func hear(
    _ reader: TreeReader, _ ready: @Sendable () async throws -> Void,
    _ each: @Sendable ([TreeChange]) async throws -> Void
  ) async throws {
    let events = try FolderEvents()
    do {
      try await reader.hear(events)
    } catch let limit as WatchLimit {
      // What changes from here on shows at the next look.
      try await ready()
      throw limit
    }
    try await ready()
    var isSettled = true
    while true {
      do {
        let rest = isSettled ? Deadline.never : .after(Self.rest)
        try await waitUntilReady(events.descriptor, for: .read, until: rest, "a change")
      } catch is TimeoutError {
        // Folders that change places faster than they are looked at leave events that name neither; this finds the rest.
        isSettled = true
        try await tell(try await reader.readAll(), each)
        continue
      }
      isSettled = false
      let last = Deadline.after(limit)
      repeat { await reader.note(events.take()) } while try await hasMore(events, until: last)
      try await tell(try await reader.changes(), each)
    }
  }

  /// Whether something more changes before it has been quiet for a while.
  private func hasMore(_ events: FolderEvents, until last: Deadline) async throws -> Bool {
    do {
      try await waitUntilReady(events.descriptor, for: .read, until: last.capped(at: quiet), "a change")
      return true
    } catch is TimeoutError {
      return false
    }
  }

  private func tell(
    _ changes: [TreeChange], _ each: @Sendable ([TreeChange]) async throws -> Void
  ) async throws {
    if !changes.isEmpty { try await each(changes) }
  }
}

/// Reads the tree, away from the pool.
private actor TreeReader {
  private let executor = BlockingExecutor(label: "drydock.tree-watch")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let root: DirectoryDescriptor
  private let snapshot: TreeSnapshot
  private var events: FolderEvents?
  private var paths: [Int32: String] = [:]
  private var watches: [String: Int32] = [:]
  private var changed: Set<String> = []
  /// Folders that are gone; what has their path now is another one, though it may have got the number.
  private var ended: Set<String> = []
  private var hasLost = false

  init(_ root: DirectoryDescriptor, _ rules: any TreeRules) {
    self.root = root
    snapshot = TreeSnapshot(root: root, rules: rules)
  }

  func hear(_ events: FolderEvents) throws {
    self.events = events
    _ = try readAll()
  }

  func stopHearing() { (events, paths, watches) = (nil, [:], [:]) }

  func note(_ batch: FolderEvents.Batch) {
    hasLost = hasLost || batch.hasLost
    for (watch, name) in batch.names {
      guard let folder = paths[watch] else { continue }
      // Of the folder itself; its parent tells what became of it.
      if !name.isEmpty { changed.insert(TreeSnapshot.join(folder, name)) }
    }
    for watch in batch.ended {
      guard let folder = paths.removeValue(forKey: watch), watches[folder] == watch else { continue }
      watches[folder] = nil
      guard !folder.isEmpty else { continue }
      ended.insert(folder)
      changed.insert(folder)
    }
  }

  /// What differs, by what was noted.
  func changes() throws -> [TreeChange] {
    let (again, gone) = (changed, ended)
    (changed, ended) = ([], [])
    if hasLost {
      hasLost = false
      return try readAll()
    }
    try checkRoot()
    return try snapshot.readAgain(again, gone: gone, entered: enter, left: leave)
  }

  func readAll() throws -> [TreeChange] {
    try checkRoot()
    return try snapshot.readAll(entered: enter, left: leave)
  }

  private func enter(_ folder: DirectoryDescriptor, _ path: String) throws {
    guard let events else { return }
    let watch = try events.add(folder)
    paths[watch] = path
    watches[path] = watch
  }

  private func leave(_ path: String) {
    guard let watch = watches.removeValue(forKey: path) else { return }
    // By now it may be another folder's, where this one was moved.
    guard paths[watch] == path else { return }
    paths[watch] = nil
    events?.remove(watch)
  }

  /// A folder that was removed still has its descriptor, and nothing in it.
  private func checkRoot() throws {
    guard root.isLinked else {
      throw DrydockError(.failed, "\(root.path) is gone: nothing is watched any more")
    }
  }
}
