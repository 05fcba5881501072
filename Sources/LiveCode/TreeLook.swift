import DrydockBase
import FileWatch
import LocalFiles
import MonotonicTime

/// Looks at what has changed once more before it is carried on: what was told is not what is there by now.
actor TreeLook {
  private let executor = BlockingExecutor(label: "drydock.tree-look")
  /// Reading folders waits for the disk.
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let root: DirectoryDescriptor

  /// A look at the tree below a root.
  init(_ root: DirectoryDescriptor) { self.root = root }

  /// The changes as they are now. What lies behind something that is no folder any more is left out: it went with the
  /// folder, and its path may lead elsewhere by now.
  /// - Throws: `DirectoryError`.
  func now(_ changes: [TreeChange]) throws -> [TreeChange] {
    var parents = ParentFolder(root: root)
    return try changes.compactMap { change in
      if let (entry, _) = try parents.find(change.path) {
        guard let kind = entry.treeKind else { return nil }
        return TreeChange(path: change.path, kind: kind)
      }
      guard try !isBehindOther(change.path, &parents) else { return nil }
      return TreeChange(path: change.path, kind: .removed, wasFolder: change.isFolder)
    }
  }

  private func isBehindOther(_ path: String, _ parents: inout ParentFolder) throws -> Bool {
    var above = TreePath.parent(path)
    while !above.isEmpty {
      if let (entry, _) = try parents.find(above) { return !entry.isFolder }
      above = TreePath.parent(above)
    }
    return false
  }
}

extension FolderEntry {
  /// What it is in a tree; nil for what is neither file, folder nor link.
  fileprivate var treeKind: TreeChange.Kind? {
    isFile ? .file : isFolder ? .folder : isLink ? .link : nil
  }
}
