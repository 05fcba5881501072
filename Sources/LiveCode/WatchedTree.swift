import DrydockBase
import ImageBuilds
package import LocalFiles

/// The tree of a process that is restarted by `--watch` whenever a file of it changes.
package struct WatchedTree: Sendable {
  /// What programs and editors write by themselves; a service that is restarted for it would never come to rest.
  private static let written = Array(
    """
    **/node_modules
    **/__pycache__
    **/*.pyc
    **/*.log
    **/*.pid
    **/*.sock
    **/*.swp
    **/*.swx
    **/*~
    **/.#*
    **/4913
    """.utf8)

  /// The folder, from the app's; empty for that itself.
  private let path: String
  /// Ignore files with the folders in which they count.
  private let ignores: [(folder: String, rules: IgnoreFile)]

  /// The tree below a folder of the app.
  /// - Throws: `IgnoreFileError`, `DirectoryError`, `DrydockError`.
  package init(_ path: String, in root: DirectoryDescriptor) throws {
    self.path = path
    let way = FolderWay(root: root)
    var ignores = [("", try IgnoreFile(Self.written, path: "written"))]
    for folder in Set(["", path]) {
      let place = TreePath.join(folder, ".dockerignore")
      guard let bytes = try way.read(place, limit: IgnoreFile.limit) else { continue }
      ignores.append((folder, try IgnoreFile(bytes, path: place)))
    }
    self.ignores = ignores
  }

  /// Whether a change of a file matters.
  func counts(_ path: String) -> Bool {
    guard TreePath.inside(path, self.path) != nil else { return false }
    return ignores.allSatisfy { folder, rules in
      TreePath.inside(path, folder).map { !rules.ignores($0) } ?? true
    }
  }

  /// Whether a change of something in a folder may matter.
  func mayCount(inFolder path: String) -> Bool {
    if TreePath.inside(self.path, path) != nil { return true }
    guard TreePath.inside(path, self.path) != nil else { return false }
    return ignores.allSatisfy { folder, rules in
      TreePath.inside(path, folder).map(rules.mayHold) ?? true
    }
  }
}

/// Paths from an app's folder, which is the empty one.
package enum TreePath {
  /// A path below a folder.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : "\(folder)/\(name)"
  }

  /// The folder that something lies in.
  static func parent(_ path: String) -> String {
    path.splitExactly(at: "/").dropLast().joined(separator: "/")
  }

  /// The path from a folder; nil for what does not lie in it, empty for the folder itself.
  package static func inside(_ path: String, _ folder: String) -> String? {
    if folder.isEmpty { return path }
    if path.isExactly(folder) { return "" }
    guard path.beginsExactly(with: folder + "/") else { return nil }
    return String(decoding: path.utf8.dropFirst(folder.utf8.count + 1), as: UTF8.self)
  }
}
