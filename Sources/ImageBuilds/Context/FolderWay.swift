import DrydockBase
package import LocalFiles
import SystemPackage

/// Goes from an app's folder to something in it, links among it followed by hand, so that none leads out.
package struct FolderWay: Sendable {
  /// What was found.
  package enum Place: Sendable {
    case folder(DirectoryDescriptor)
    /// A file, and the folder that it lies in.
    case file(FolderEntry, in: DirectoryDescriptor)
    case missing
    /// It would lie outside of the app's folder, or lead there.
    case outside
    /// A pipe, a device, a circle of links.
    case other
  }

  /// The app's folder.
  package let root: DirectoryDescriptor

  /// The ways from a folder.
  package init(root: DirectoryDescriptor) { self.root = root }

  private static let linkLimit = 40

  /// What is at a path from the app's folder.
  /// - Throws: `DirectoryError`.
  package func follow(_ path: String) throws(DirectoryError) -> Place {
    guard !path.beginsExactly(with: "/") else { return .outside }
    var pending = Array(path.splitExactly(at: "/").reversed())
    var folders = [root]
    var links = 0
    while let part = pending.popLast() {
      if part == "." { continue }
      if part == ".." {
        guard folders.count > 1 else { return .outside }
        folders.removeLast()
        continue
      }
      let folder = folders[folders.count - 1]
      guard let entry = try folder.entry(part) else { return .missing }
      if entry.isLink {
        links += 1
        guard links <= Self.linkLimit, let target = try folder.target(of: entry) else { return .other }
        let text = String(decoding: target, as: UTF8.self)
        guard !text.beginsExactly(with: "/") else { return .outside }
        pending += text.splitExactly(at: "/").reversed()
      } else if entry.isFolder {
        guard let next = try folder.folder(entry) else { return .missing }
        folders.append(next)
      } else if pending.isEmpty {
        return entry.isFile ? .file(entry, in: folder) : .other
      } else {
        return .missing
      }
    }
    return .folder(folders[folders.count - 1])
  }

  /// A file's content; nil where there is none.
  /// - Throws: `DirectoryError`; `DrydockError` for one that cannot be taken.
  package func read(_ path: String, limit: Int) throws -> [UInt8]? {
    switch try follow(path) {
    case .file(let entry, let folder):
      guard let file = try folder.open(entry) else { return nil }
      defer { try? file.close() }
      guard let bytes = readToEnd(of: file.rawValue, limit: limit), bytes.count <= limit else {
        throw DrydockError(.manifestInvalid, "\(path) cannot be read, or has more than \(limit) bytes")
      }
      return bytes
    case .missing: return nil
    case .folder, .other: throw DrydockError(.manifestInvalid, "\(path) is no file")
    case .outside:
      throw DrydockError(
        .manifestInvalid, "\(path) leads out of the app's folder",
        suggestion: "a build sees nothing beyond the folder of convox.yml")
    }
  }
}
