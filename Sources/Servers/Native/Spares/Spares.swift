package import AppState
import DrydockBase
import Essentials
import LocalFiles
import MonotonicTime
import NativeProcess

/// New data directories that were copied from templates beforehand, so that a new server's takes a rename.
///
/// They lie on the file system on which instances keep theirs, one for each template: a folder `BOOT/TEMPLATE/ready`, with
/// the data in it and what tells whether that is as it was. It gets this name once it is whole, and whoever takes, puts or
/// removes it holds the folder above alone. Only drydock's own user can pass there, so that no engine gets at a spare before
/// it is its own. As its template it was not forced to disk, and is trusted as long as the machine runs.
package struct Spares: Sendable {
  let home: StateHome
  let boot: String

  /// Those of a home.
  /// - Returns: Nil for a throw-away instance's home, or another user's, or where nobody knows since when the machine runs.
  package init?(home: StateHome) { self.init(home: home, boot: bootIdentity()) }

  init?(home: StateHome, boot: String?) {
    guard home.lender == nil, home.owner == nil, let boot else { return nil }
    self.home = home
    self.boot = boot
  }

  var folder: String { home.spares }
  /// Where one is made.
  package var making: String { "\(folder)/making" }

  /// The place of a template's spare.
  func place(of template: String) -> SparePlace { SparePlace(folder: "\(folder)/\(boot)/\(template)") }

  /// Moves a spare to an empty folder.
  /// - Parameters:
  ///   - template: The template's name.
  ///   - data: The folder.
  ///   - owner: Whose it has to be; nil for the user of this process.
  /// - Returns: Whether it is done; if not, the folder is as it was. No spare is taken twice.
  /// - Throws: `TimeoutError`, `CancellationError`.
  func take(
    _ template: String, to data: String, owner: ProcessUser?, by keeper: Keeper, until deadline: Deadline
  ) async throws -> Bool {
    let place = place(of: template)
    guard Folder.exists(place.ready), Folder.isOwn(folder), Folder.isOwn(place.folder),
      let hold = CacheHold.alone(place.folder)
    else { return false }
    defer { _ = hold }
    let isTaken =
      try await place.isWhole(owner: owner, by: keeper, until: deadline) && rename(place.data, data) == 0
    // Whatever is wrong with one, or where it cannot be renamed to: it serves nobody.
    try? Folder.remove(place.ready)
    return isTaken
  }

  // MARK: Looking after them

  /// The names of templates that lack a spare and are to have one: those that durable data was made of last.
  package func wanted() -> [String] {
    kept().filter { !Folder.exists(place(of: $0).seal) && !hasFailed($0) }
  }

  /// Those that durable data was made of last, the latest first.
  private func kept() -> [String] {
    let folder = "\(home.cache)/templates/\(boot)"
    guard Folder.isOwn(folder) else { return [] }
    let names = FileManager.default.readableNames(in: folder)
    let needed = names.compactMap { name -> (name: String, time: Int)? in
      let template = "\(folder)/\(name)"
      guard Folder.isOwn(template), Folder.exists("\(template)/sealed"),
        let time = CacheMark.time(DataTemplate.durableMark(in: template)),
        TemplateOrigin(in: template)?.isCurrent == true
      else { return nil }
      return (name, time)
    }
    return needed.sorted { ($1.time, $0.name) < ($0.time, $1.name) }.prefix(SpareLimits.count).map(\.name)
  }

  /// Removes what serves nobody any more: of earlier boots, of servers that were updated, beyond the number that is kept.
  package func sweep() async {
    let kept = Set(kept())
    for entry in entries()
    where entry.condition != .ready || !kept.contains(URL(filePath: entry.path).lastPathComponent) {
      _ = try? await remove(entry)
    }
    guard Folder.isOwn(folder) else { return }
    for name in names(in: folder) where name != boot && UUID(uuidString: name) != nil {
      await Folder.discardTree("\(folder)/\(name)")
    }
  }

  /// All that are there, for a look into the cache.
  package func entries() -> [CacheEntry] {
    names(in: folder).filter { UUID(uuidString: $0) != nil }.flatMap { boot in
      names(in: "\(folder)/\(boot)").map { SparePlace(folder: "\(folder)/\(boot)/\($0)") }
    }.filter { Folder.isOwn($0.folder) && Folder.exists($0.ready) }.map { place in
      let (name, version) = KeptTemplates.words(place.folder)
      let isCurrent = place.folder.beginsExactly(with: "\(folder)/\(boot)/") && place.isOfThisServer
      return CacheEntry(
        .spare, name: name, version: version,
        condition: !isCurrent ? .outdated : place.isComplete ? .ready : .damaged,
        isInUse: CacheHold.isHeld(place.folder), at: place.folder, mark: place.seal)
    }
  }

  /// Removes one.
  /// - Returns: Whether it is gone: not where somebody takes it.
  package func remove(_ entry: CacheEntry) async throws -> Bool {
    guard entry.kind == .spare, Folder.isOwn(folder), Folder.isOwn(entry.path),
      let hold = CacheHold.alone(entry.path)
    else { return false }
    defer { _ = hold }
    // What is half removed serves nobody.
    unlink(SparePlace(folder: entry.path).seal)
    try await Folder.removeTree(entry.path)
    return true
  }

  private func names(in folder: String) -> [String] {
    guard Folder.isOwn(folder) else { return [] }
    return FileManager.default.readableNames(in: folder).sorted()
  }

  private func hasFailed(_ template: String) -> Bool {
    let mark = DataTemplate.failedMark(in: "\(home.cache)/templates/\(boot)/\(template)")
    guard let time = CacheMark.time(mark) else { return false }
    return Int(Date().timeIntervalSince1970) - time < SpareLimits.rest
  }
}

/// How much is made beforehand.
enum SpareLimits {
  /// How many there are at most: a type and version each.
  static let count = 4
  /// How large the template of one may be, in bytes.
  static let bytes: Int64 = 256 << 20
  /// How large all may be, in bytes.
  static let allBytes: Int64 = 512 << 20
  /// What the disk has free besides, in bytes.
  static let reserve: UInt64 = 1 << 30
  /// After how many seconds one that could not be made is tried again.
  static let rest = 120
}

/// The place of one template's spare.
struct SparePlace: Sendable {
  /// The folder whose lock is held.
  let folder: String

  var ready: String { "\(folder)/ready" }
  var data: String { "\(ready)/data" }
  var seal: String { Self.seal(in: ready) }

  /// What tells whether the data in a folder is as it was; written last.
  static func seal(in folder: String) -> String { "\(folder)/sealed" }

  /// Whether its server is still the same.
  var isOfThisServer: Bool { TemplateOrigin(in: folder)?.isCurrent == true }
  /// Whether both are there, as far as can be seen in a moment.
  var isComplete: Bool { Folder.exists(seal) && Folder.exists(data) }

  /// Whether the data is as it was when it was made.
  func isWhole(owner: ProcessUser?, by keeper: Keeper, until deadline: Deadline) async throws -> Bool {
    var info = stat()
    guard lstat(data, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_mode & 0o7777 == 0o700,
      info.st_uid == owner?.userID ?? geteuid(), let words = contents(ofRegularFile: seal, limit: 256)
    else { return false }
    do {
      let found = try await DataOverlay.measure(data, by: keeper, until: deadline)
      return found.isExactly(String(decoding: words, as: UTF8.self))
    } catch is NativeProcessError {
      return false
    }
  }
}
