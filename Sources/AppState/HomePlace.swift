import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

/// Where a home lies, as it is noted in it.
///
/// A copy of a home says the same of its instances as the original, whose containers, volumes and ports they are.
package struct HomePlace: Codable, Sendable, Hashable {
  /// The folder's real path.
  package var path: String
  /// The file system and inode of the folder.
  package var folder: [UInt64]

  /// The place of the home at a path; nil where there is none.
  package init?(of root: String) {
    guard let folder = Folder.device(root) else { return nil }
    self.path = AppFolder(root).path
    self.folder = folder
  }

  /// Whether that is one home: at one path, whatever disk it was restored to, or one folder at two, as in a container.
  package func isSame(as other: HomePlace) -> Bool { path.isExactly(other.path) || folder == other.folder }
}

extension StateHome {
  private var placeFile: String { "\(root)/place" }

  /// What is noted; nil where nothing is.
  /// - Throws: `DrydockError` where it cannot be understood: nobody can tell then whether this is a copy.
  private func notedPlace() throws -> HomePlace? {
    guard let bytes = FileManager.default.contents(atPath: placeFile) else { return nil }
    do { return try JSONDecoder().decode(HomePlace.self, from: bytes) } catch {
      throw DrydockError(
        .cannotWrite, "the home \(root) may be a copy of another one: \(placeFile) is damaged",
        suggestion: "if it is none, remove that file: rm \(placeFile)")
    }
  }

  /// The home that this one is a copy of, while that one is still there with the same key; nil for no copy. Where that one
  /// is gone, this one was moved.
  package var original: String? {
    // Whoever changes anything is told where that cannot be known.
    guard let noted = try? notedPlace(), let own = HomePlace(of: root), !noted.isSame(as: own),
      let there = HomePlace(of: noted.path), !there.isSame(as: own), let key,
      key == Self.key(in: noted.path)
    else { return nil }
    return noted.path
  }

  /// Notes where the home lies.
  package func notePlace() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let place = HomePlace(of: root), let bytes = try? encoder.encode(place) else { return }
    do {
      try AtomicFile.write(Array(bytes), to: placeFile, mode: 0o600, onlyIfChanged: true)
    } catch {
      throw DrydockError(
        .cannotWrite, "cannot write \(placeFile): \(error.reason)",
        suggestion: WriteRemedy.elsewhere(after: error.errno))
    }
  }

  /// Refuses to change anything by a copy of a home, or to stop it.
  /// - Throws: `DrydockError.cannotWrite` naming the original.
  package func refuseCopies() throws {
    guard hasInstances else { return }
    _ = try notedPlace()
    guard let original else { return }
    throw DrydockError(
      .cannotWrite,
      "the home \(root) is a copy of \(original), which is still there: what runs, its data and its ports are that one's",
      suggestion: "work with that one; to make this a home of its own, without apps: rm -r \(root)/instances")
  }

  private var hasInstances: Bool {
    let names = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/instances")
    return names?.isEmpty == false
  }

  /// Gives a copy that has no instances any more up for a home of its own, with a key of its own.
  package func forgetOriginal() throws {
    guard !hasInstances, original != nil else { return }
    for name in ["key", "place", "ports"] { try Folder.remove("\(root)/\(name)") }
  }
}
