import AppState
import DrydockBase
import Foundation

/// What a seed command made, as exports, kept by what it was made from.
struct SeedStore: Sendable {
  private let folder: String

  /// - Parameters:
  ///   - cache: The user's cache.
  ///   - key: The digest of all that the result depends on.
  init(cache: String, key: String) { folder = "\(cache)/seeds/\(key)" }

  /// Written last.
  private var seal: String { "\(folder)/complete" }

  /// The export of a resource.
  func file(of resource: String) -> String { "\(folder)/\(Slug.make(resource)).dump" }

  /// Whether everything is there.
  var isComplete: Bool { Folder.isOwn(folder) && Folder.exists(seal) }

  /// Makes room.
  func begin() throws { try Folder.make(folder, mode: 0o700) }

  /// Says that everything is there.
  func complete() throws { try Data().write(to: URL(filePath: seal), options: .atomic) }

  /// Forgets it.
  func discard() { unlink(seal) }
}
