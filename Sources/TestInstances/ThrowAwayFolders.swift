package import AppState
import Essentials
import NativeProcess

/// The folders of a user's throw-away instances, in memory and on disk.
package struct ThrowAwayFolders: Sendable {
  private let parents: [String]

  /// Those of a user.
  package init(home: StateHome) {
    let places = home.throwAwayFolders
    parents = [places.memory, places.disk].compactMap { $0 }
  }

  /// Those that were made elsewhere.
  init(parents: [String]) { self.parents = parents }

  func all(where isIncluded: (String) -> Bool) -> [String] {
    parents.filter(Folder.isOwn).flatMap { parent in
      let names = FileManager.default.readableNames(in: parent)
      return names.sorted().map { "\(parent)/\($0)" }.filter { Folder.isOwn($0) && isIncluded($0) }
    }
  }

  /// Those of instances that a failed command left and that still run.
  package func kept() -> [String] {
    all { Folder.exists("\($0)/keep") && FolderGuard(of: $0) != nil }
  }

  /// The instances that are held for commands which others run.
  package func served() -> [ServedInstance] {
    all { FolderGuard(of: $0) != nil }.compactMap(ServedInstance.init(in:))
  }
}
