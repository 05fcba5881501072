import DrydockBase
package import LocalFiles

/// Opens folders of a tree by their paths, no link followed; the last one is kept, as neighbours come together.
package struct ParentFolder {
  /// The tree's root.
  package let root: DirectoryDescriptor
  private var last: (path: String, folder: DirectoryDescriptor)?

  /// The folders of a tree.
  package init(root: DirectoryDescriptor) { self.root = root }

  /// The folder at a path from the root, which is the empty path; nil where none is.
  /// - Throws: `DirectoryError`.
  package mutating func open(_ path: String) throws(DirectoryError) -> DirectoryDescriptor? {
    if let last, last.path == path, last.folder.isLinked { return last.folder }
    var folder = root
    for part in path.splitExactly(at: "/") {
      guard let entry = try folder.entry(part), entry.isFolder, let next = try folder.folder(entry)
      else { return nil }
      folder = next
    }
    last = (path, folder)
    return folder
  }

  /// What is at a path, and the folder that it lies in; nil where nothing is, or a link leads to it.
  /// - Throws: `DirectoryError`.
  package mutating func find(_ path: String) throws(DirectoryError) -> (
    entry: FolderEntry, folder: DirectoryDescriptor
  )? {
    guard let folder = try open(TreeSnapshot.parent(path)),
      let entry = try folder.entry(TreeSnapshot.name(path))
    else { return nil }
    return (entry, folder)
  }
}
