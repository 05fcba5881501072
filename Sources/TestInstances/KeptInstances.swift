package import AppState
import DrydockBase
package import Emulator
import Essentials
import LocalFiles

/// The throw-away instances that stay after their commands failed, looked at as any other.
package struct KeptInstances: Sendable {
  private let context: DrydockContext

  /// Those of a home.
  package init(_ context: DrydockContext) { self.context = context }

  /// One of them.
  package struct Found: Sendable {
    /// Its name, by which it is removed.
    package let name: String
    /// Its folder.
    package let folder: String
    /// What is remembered of it.
    package let state: InstanceState
  }

  /// Other homes of the same user keep theirs in the same place.
  private static func mark(_ folder: String) -> String { "\(folder)/kept-by" }

  /// Says in a folder whose home it belongs to.
  /// - Throws: `AtomicFileError`.
  static func note(_ home: StateHome, in folder: String) throws {
    try AtomicFile.write(Array(home.root.utf8), to: mark(folder), mode: 0o600)
  }

  private func isOurs(_ folder: String) -> Bool {
    let bytes = try? BoundedFile.read(Self.mark(folder), limit: 1 << 16)
    return bytes?.elementsEqual(context.home.root.utf8) == true
  }

  /// Those of this home whose state can be read.
  package func all() -> [Found] {
    ThrowAwayFolders(home: context.home).kept().filter(isOurs).flatMap { folder in
      StateStore(home: StateHome(throwAway: folder, beside: context.home)).all().map {
        Found(name: URL(filePath: folder).lastPathComponent, folder: folder, state: $0)
      }
    }
  }

  /// What runs of one.
  package func status(of found: Found) async throws -> [ResourceState] {
    var context = context
    context.home = StateHome(throwAway: found.folder, beside: context.home)
    return try await StatusOperation(context: context).run(found.state).map { state in
      var state = state
      state.test = found.name
      return state
    }
  }
}
