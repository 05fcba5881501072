import AppState
import DrydockBase
import Essentials
import NativeProcess

/// What a seed command made, as exports, kept by what it was made from.
struct SeedStore: Sendable {
  private let folder: String

  /// - Parameters:
  ///   - cache: The user's cache.
  ///   - key: The digest of all that the result depends on.
  init(cache: String, key: String) { folder = "\(cache)/seeds/\(key)" }

  /// Written last: what it holds, in a few words for a person.
  private var seal: String { Self.seal(of: folder) }

  private static func seal(of folder: String) -> String { "\(folder)/complete" }

  /// The export of a resource.
  func file(of resource: String) -> String { "\(folder)/\(Slug.make(resource)).dump" }

  /// Whether everything is there.
  var isComplete: Bool { Folder.isOwn(folder) && Folder.exists(seal) }

  /// Holds it while its files are read or written, so that it is not removed meanwhile.
  /// - Returns: Nil where it is being removed.
  func use() -> CacheHold? { CacheHold.use(folder) }

  /// Notes that it serves.
  func noteUse() { CacheMark.touch(seal) }

  /// Makes room.
  func begin() throws { try Folder.make(folder, mode: 0o700) }

  /// Says that everything is there.
  /// - Parameter content: What it holds, in a few words.
  func complete(_ content: String) throws {
    try Data(content.utf8).write(to: URL(filePath: seal), options: .atomic)
  }

  /// Forgets it.
  func discard() { unlink(seal) }
}

/// The seeds that a cache keeps.
struct KeptSeeds: Sendable {
  /// The name in the cache.
  static let name = "seeds"
  private let folder: String

  /// Those of a cache.
  init(cache: String) { folder = "\(cache)/\(Self.name)" }

  /// All of them, sorted by their place.
  func entries() -> [CacheEntry] {
    guard Folder.isOwn(folder) else { return [] }
    let names = FileManager.default.readableNames(in: folder)
    return names.sorted().map { "\(folder)/\($0)" }.filter(Folder.isOwn).map { path in
      let seal = "\(path)/complete"
      let words = contents(ofRegularFile: seal, limit: 4096).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return CacheEntry(
        .seed, name: words.isEmpty ? "seed \(URL(filePath: path).lastPathComponent.prefix(8))" : words,
        condition: Folder.exists(seal) ? .ready : .unfinished, isInUse: CacheHold.isHeld(path), at: path,
        mark: seal)
    }
  }

  /// Removes one.
  /// - Returns: Whether it is gone: not where somebody reads or writes it.
  func remove(_ entry: CacheEntry) async throws -> Bool {
    guard entry.kind == .seed, Folder.isOwn(folder), let hold = CacheHold.alone(entry.path) else {
      return false
    }
    defer { _ = hold }
    // What is half removed serves nobody.
    unlink("\(entry.path)/complete")
    try await Folder.removeTree(entry.path)
    return true
  }
}
