import Foundation

/// Moves a directory's contents into another one: files take the place of files, directories are merged.
struct DirectoryMerge {
  let source: String
  let target: String

  init(from source: String, into target: String) {
    self.source = source
    self.target = target
  }

  /// Looks at everything before the first move.
  func run() throws {
    try check(source, target)
    try merge(source, target)
  }

  private enum Kind { case directory, file, other }

  /// What is at a path itself, links not followed; nil for nothing.
  private func kind(_ path: String) -> Kind? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .directory
    case S_IFREG, S_IFLNK: return .file
    default: return .other
    }
  }

  private func names(_ folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw EmulatorError(.cannotWrite, "cannot read \(folder): \(error.localizedDescription)")
    }
  }

  private func check(_ from: String, _ into: String) throws {
    for name in try names(from) {
      let (new, old) = (kind("\(from)/\(name)"), kind("\(into)/\(name)"))
      guard new != .other else {
        throw refusal("\(from)/\(name)", "is a device, a pipe or a socket")
      }
      if let old, (old == .directory) != (new == .directory) {
        let what = new == .directory ? "a directory and replaces a file" : "a file and replaces a directory"
        throw refusal("\(from)/\(name)", "is \(what)")
      }
      if new == .directory { try check("\(from)/\(name)", "\(into)/\(name)") }
    }
  }

  private func refusal(_ path: String, _ reason: String) -> EmulatorError {
    EmulatorError(
      .failed, "\(path.dropFirst(source.count + 1)) in the archive \(reason)",
      suggestion: "nothing was changed")
  }

  private func merge(_ from: String, _ into: String) throws {
    for name in try names(from) {
      let (new, old) = ("\(from)/\(name)", "\(into)/\(name)")
      if kind(new) == .directory, kind(old) == .directory {
        try merge(new, old)
        try copyTraits(of: new, to: old)
      } else if rename(new, old) != 0 {
        throw Folder.failure("move into place", old)
      }
    }
  }

  private func copyTraits(of from: String, to into: String) throws {
    var status = stat()
    guard lstat(from, &status) == 0 else { return }
    _ = lchown(into, status.st_uid, status.st_gid)
    guard chmod(into, status.st_mode & 0o7777) == 0 else {
      throw Folder.failure("set the permissions of", into)
    }
  }
}
