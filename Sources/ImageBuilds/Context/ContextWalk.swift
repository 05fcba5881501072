import DrydockBase
package import LocalFiles

/// Something that a build's context holds.
package struct ContextMember: Sendable {
  /// Its path from the context's root, as the file system has it.
  package let path: [UInt8]
  /// What it is.
  package let entry: FolderEntry
  /// The folder that it lies in.
  let folder: DirectoryDescriptor
}

/// Goes through what a build's context holds, each folder before its content, in the order of names.
package struct ContextWalk {
  private struct Level {
    let folder: DirectoryDescriptor
    let path: [UInt8]
    let text: String
    let own: IgnoreFile.FolderMatch?
    let root: IgnoreFile.FolderMatch?
    var entries: ArraySlice<FolderEntry>
  }

  /// Each level holds a descriptor.
  private static let depthLimit = 200

  private let context: BuildContext
  private var levels: [Level] = []

  /// A walk from the beginning.
  /// - Throws: `DirectoryError`.
  package init(_ context: BuildContext) throws {
    self.context = context
    var above: IgnoreFile.FolderMatch?
    var place = ""
    for part in context.path.splitExactly(at: "/") {
      place += place.isEmpty ? part : "/\(part)"
      above = context.rootRules?.folder(place, in: above)
    }
    levels = [
      Level(
        folder: context.folder, path: [], text: "", own: nil, root: above,
        entries: try context.folder.entries()[...])
    ]
  }

  /// The next one; nil after the last.
  /// - Throws: `DirectoryError`, `DrydockError`.
  package mutating func next() throws -> ContextMember? {
    while let level = levels.last {
      guard let entry = level.entries.first else {
        levels.removeLast()
        continue
      }
      levels[levels.count - 1].entries = level.entries.dropFirst()
      let path = level.path.isEmpty ? entry.name : level.path + [UInt8(ascii: "/")] + entry.name
      let member = ContextMember(path: path, entry: entry, folder: level.folder)
      if entry.isFolder {
        if try enter(member, level) { return member }
      } else if entry.isFile || entry.isLink, !isIgnored(member, level) {
        return member
      }
    }
    return nil
  }

  private func isIgnored(_ member: ContextMember, _ level: Level) -> Bool {
    let path = member.path.text
    return context.ownRules.ignores(path, in: level.own)
      || context.rootRules?.ignores(fromRoot(path), in: level.root) == true
  }

  /// Goes into a folder where something of it may be sent.
  /// - Returns: Whether the folder itself is.
  private mutating func enter(_ member: ContextMember, _ level: Level) throws -> Bool {
    // drydock's own folder holds passwords.
    guard member.entry.text != ".drydock" else { return false }
    let path = member.path.text
    let own = context.ownRules.folder(path, in: level.own)
    let root = context.rootRules?.folder(fromRoot(path), in: level.root)
    guard !own.isSkipped, root?.isSkipped != true, let folder = try level.folder.folder(member.entry)
    else { return false }
    guard levels.count < Self.depthLimit else {
      throw DrydockError(.manifestInvalid, "\(folder.path): folders lie too deep in each other to be built")
    }
    levels.append(
      Level(
        folder: folder, path: member.path, text: path, own: own, root: root,
        entries: try folder.entries()[...]))
    return !own.isIgnored && root?.isIgnored != true
  }

  private func fromRoot(_ path: String) -> String {
    context.path.isEmpty ? path : "\(context.path)/\(path)"
  }
}
