import ConvoxManifest
package import DrydockBase
import FileWatch
import Synchronization

/// What of an app's tree is watched, and for whom.
package struct LivePlan: TreeRules {
  /// A file that says how services are built or run.
  package enum Control: Sendable, Hashable {
    /// convox.yml.
    case manifest
    /// drydock.yml.
    case settings
    /// A Dockerfile or an ignore file of these services.
    case build([String])
  }

  /// The services, by name.
  let services: [String: LiveService]
  /// Those files, by path.
  let controls: [String: Control]
  /// What is wrong with some of it, to be told.
  let problems: [DrydockError]
  private let verdicts = FolderVerdicts()

  /// A plan.
  package init(services: [LiveService], controls: [String: Control], problems: [DrydockError] = []) {
    self.services = Dictionary(services.map { ($0.name, $0) }) { $1 }
    self.controls = controls
    self.problems = problems
  }

  /// Whether nothing is watched.
  var isEmpty: Bool { controls.isEmpty }

  package func counts(_ path: String, isFolder: Bool) -> Bool {
    if isFolder { return concerns(folder: path) }
    return controls[path] != nil || concerns(folder: TreePath.parent(path))
  }

  private func concerns(folder path: String) -> Bool {
    verdicts.verdict(path) {
      // drydock's own folder holds passwords, and git's is about other things than files.
      let name = TreePath.name(path)
      guard name != ".drydock", name != ".git" else { return false }
      return controls.keys.contains { TreePath.inside($0, path) != nil && !path.isEmpty }
        || services.values.contains { $0.mayConcern(folder: path) }
    }
  }
}

/// Remembers what was found for folders, as each file in one asks for it.
private final class FolderVerdicts: Sendable {
  private let known = Mutex<[String: Bool]>([:])

  func verdict(_ path: String, _ find: () -> Bool) -> Bool {
    if let verdict = known.withLock({ $0[path] }) { return verdict }
    let verdict = find()
    known.withLock { $0[path] = verdict }
    return verdict
  }
}
