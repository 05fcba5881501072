import DrydockBase
import LocalFiles

/// How a tree looked when it was last read. What an event means is found by looking again: events alone are no truth, as
/// they may be lost, late, or about something that was replaced meanwhile.
final class TreeSnapshot {
  /// By what a change is known.
  private struct Look: Equatable {
    let kind: TreeChange.Kind
    let inode: UInt64
    let mode: UInt32
    var size = 0
    var changed: FileMoment?
    var stateChanged: FileMoment?

    /// Nil for what is neither file, folder nor link.
    init?(_ entry: FolderEntry) {
      guard entry.isFile || entry.isFolder || entry.isLink else { return nil }
      kind = entry.isFile ? .file : entry.isFolder ? .folder : .link
      (inode, mode) = (entry.inode, entry.mode)
      guard kind != .folder else { return }
      (size, changed, stateChanged) = (entry.size, entry.changed, entry.stateChanged)
    }
  }

  /// Each level holds a descriptor while it is read.
  private static let depthLimit = 200

  private let root: DirectoryDescriptor
  private let rules: any TreeRules
  private var looks: [String: Look] = [:]
  /// Names in each folder, the root's under the empty path.
  private var children: [String: Set<String>] = [:]

  init(root: DirectoryDescriptor, rules: any TreeRules) {
    (self.root, self.rules) = (root, rules)
  }

  /// The folders that are known, the root as the empty path.
  var folders: [String] { Array(children.keys) }

  /// Reads the whole tree, and tells what differs from before.
  /// - Parameter entered: Called with each folder before it is read.
  func readAll(
    entered: (DirectoryDescriptor, String) throws -> Void, left: (String) -> Void
  ) throws -> [TreeChange] {
    var changes: [TreeChange] = []
    try read(root, "", depth: 0, &changes, entered, left)
    return changes
  }

  /// Looks at some paths again, and tells what differs from before.
  /// - Parameter gone: Folders that are not the ones any more that were there.
  func readAgain(
    _ paths: Set<String>, gone: Set<String>, entered: (DirectoryDescriptor, String) throws -> Void,
    left: (String) -> Void
  ) throws -> [TreeChange] {
    var changes: [TreeChange] = []
    var parents = ParentFolder(root: root)
    let ordered = paths.sorted()
    // What is gone or another goes first: a folder that was moved within the tree is then watched at its new place.
    for path in ordered where children[Self.parent(path)] != nil {
      let entry = try parents.open(Self.parent(path))?.entry(Self.name(path))
      guard let entry, let look = Look(entry) else {
        remove(path, &changes, left)
        continue
      }
      // A file that was replaced as a whole is a changed file and was never gone.
      if let known = looks[path], known.inode != look.inode || gone.contains(path),
        known.kind == .folder || entry.isFolder
      {
        remove(path, &changes, left)
      }
    }
    for path in ordered where children[Self.parent(path)] != nil {
      guard let folder = try parents.open(Self.parent(path)), let entry = try folder.entry(Self.name(path))
      else { continue }
      try take(entry, path, in: folder, depth: 0, &changes, entered, left)
    }
    return changes
  }

  private func read(
    _ folder: DirectoryDescriptor, _ path: String, depth: Int, _ changes: inout [TreeChange],
    _ entered: (DirectoryDescriptor, String) throws -> Void, _ left: (String) -> Void
  ) throws {
    guard depth < Self.depthLimit else {
      throw DrydockError(.failed, "\(folder.path): folders lie too deep in each other to be watched")
    }
    try entered(folder, path)
    let entries = try folder.entries()
    let names = Set(entries.map(\.text))
    for gone in (children[path] ?? []).subtracting(names) { remove(Self.join(path, gone), &changes, left) }
    if children[path] == nil { children[path] = [] }
    for entry in entries {
      let place = Self.join(path, entry.text)
      if let known = looks[place], known.kind == .folder, known.inode != entry.inode {
        remove(place, &changes, left)
      }
      try take(entry, place, in: folder, depth: depth, &changes, entered, left, isDeep: true)
    }
  }

  private func take(
    _ entry: FolderEntry, _ path: String, in folder: DirectoryDescriptor, depth: Int,
    _ changes: inout [TreeChange], _ entered: (DirectoryDescriptor, String) throws -> Void,
    _ left: (String) -> Void, isDeep: Bool = false
  ) throws {
    guard let look = Look(entry), rules.counts(path, isFolder: entry.isFolder) else { return }
    let isKnown = looks[path] != nil
    if looks[path] != look {
      looks[path] = look
      children[Self.parent(path), default: []].insert(Self.name(path))
      changes.append(TreeChange(path: path, kind: look.kind))
    }
    guard entry.isFolder, isDeep || !isKnown, let inner = try folder.folder(entry) else { return }
    do {
      try read(inner, path, depth: depth + 1, &changes, entered, left)
    } catch let error as DirectoryError where !error.isRefusal {
      // Somebody's own, or gone again: the rest of the tree goes on.
      children[path] = children[path] ?? []
    }
  }

  private func remove(_ path: String, _ changes: inout [TreeChange], _ left: (String) -> Void) {
    guard let look = looks.removeValue(forKey: path) else { return }
    children[Self.parent(path)]?.remove(Self.name(path))
    changes.append(TreeChange(path: path, kind: .removed, wasFolder: look.kind == .folder))
    guard let names = children.removeValue(forKey: path) else { return }
    left(path)
    for name in names.sorted() { remove(Self.join(path, name), &changes, left) }
  }

  static func join(_ folder: String, _ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }

  static func parent(_ path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? ""
  }

  static func name(_ path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
  }
}
