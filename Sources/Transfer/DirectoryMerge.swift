import AppState
import ConvoxEnvironment
import DrydockBase
import Essentials
package import LocalFiles

/// Moves what came out of an archive into a directory: files take the place of files, directories are merged.
///
/// The archive may be a stranger's, and others may write in the directory meanwhile: both are walked from their descriptors,
/// and no link is followed. What would give its reader rights goes: set-id bits and capabilities of files; devices, pipes and
/// sockets are refused. Owners and permissions stay, as does the set-group-id bit of directories, by which groups share them.
package struct DirectoryMerge {
  package let source: DirectoryDescriptor
  package let target: DirectoryDescriptor
  /// What was taken from files.
  private(set) var taken = 0
  /// How many names each file with several has here, and how many it has at all.
  private var links: [FileNumber: (here: Int, all: Int)] = [:]
  /// The permissions of directories that their owner could not have read or moved.
  private var closed: [FileNumber: mode_t] = [:]

  private struct FileNumber: Hashable {
    var device: dev_t
    var number: ino_t

    init(_ status: stat) { (device, number) = (status.st_dev, status.st_ino) }
  }

  /// Of two directories on one file system, as files are renamed rather than copied.
  package init(from source: DirectoryDescriptor, into target: DirectoryDescriptor) {
    self.source = source
    self.target = target
  }

  /// Looks at everything before the first move.
  /// - Throws: `DrydockError` for what is refused, nothing changed then; `DirectoryError`.
  package mutating func run() throws {
    try check(source, target)
    guard links.values.allSatisfy({ $0.here == $0.all }) else {
      throw refusal("a file", "is a hard link to something outside of it")
    }
    try merge(source, target)
  }

  private mutating func check(_ from: DirectoryDescriptor, _ into: DirectoryDescriptor?) throws {
    for name in try from.names() {
      guard let new = try from.status(of: name) else { continue }
      let path = String(from.path(of: name).dropFirst(source.path.count + 1))
      let isFolder = new.is(S_IFDIR)
      guard isFolder || new.is(S_IFREG) || new.is(S_IFLNK) else {
        throw refusal(path, "is a device, a pipe or a socket")
      }
      let old = try into?.status(of: name)
      if let old, old.is(S_IFDIR) != isFolder {
        throw refusal(
          path, "is \(isFolder ? "a directory and replaces a file" : "a file and replaces a directory")")
      }
      if isFolder, new.st_mode & 0o700 != 0o700, geteuid() != 0 {
        closed[FileNumber(new)] = new.st_mode & 0o7777
        fchmodat(from.descriptor, name, 0o700, 0)
      }
      if isFolder, let below = try from.directory(name) {
        try check(below, old == nil ? nil : into?.directory(name))
      } else if new.st_nlink > 1 {
        let number = FileNumber(new)
        links[number] = (here: (links[number]?.here ?? 0) + 1, all: Int(new.st_nlink))
      }
    }
  }

  private func refusal(_ path: String, _ reason: String) -> DrydockError {
    DrydockError(.failed, "\(path) in the archive \(reason)", suggestion: "nothing was changed")
  }

  private mutating func merge(_ from: DirectoryDescriptor, _ into: DirectoryDescriptor) throws {
    for name in try from.names() {
      guard let new = try from.status(of: name) else { continue }
      if new.is(S_IFDIR), let below = try from.directory(name), let old = try into.directory(name) {
        try merge(below, old)
        try copyTraits(of: below, to: old)
        continue
      }
      let folder = try new.is(S_IFDIR) ? from.directory(name) : nil
      if let folder { try cleanContents(of: folder) } else { try clean(name, new, in: from) }
      guard renameat(from.descriptor, name, into.descriptor, name) == 0 else {
        throw Folder.failure("move into place", into.path(of: name))
      }
      if let folder { closeAgain(folder) }
    }
  }

  /// Takes from files what gives their reader rights; nobody else can reach them yet.
  private mutating func cleanContents(of folder: DirectoryDescriptor) throws {
    for name in try folder.names() {
      guard let status = try folder.status(of: name) else { continue }
      if status.is(S_IFDIR), let below = try folder.directory(name) {
        try cleanContents(of: below)
        closeAgain(below)
      } else {
        try clean(name, status, in: folder)
      }
    }
  }

  private func closeAgain(_ folder: DirectoryDescriptor) {
    if let mode = closed[FileNumber(folder.status)] { fchmod(folder.descriptor, mode) }
  }

  private mutating func clean(_ name: String, _ status: stat, in folder: DirectoryDescriptor) throws {
    guard status.is(S_IFREG) else { return }
    if status.st_mode & (S_ISUID | S_ISGID) != 0 {
      guard fchmodat(folder.descriptor, name, status.st_mode & 0o1777, 0) == 0 else {
        throw Folder.failure("set the permissions of", folder.path(of: name))
      }
      taken += 1
    }
    // A change of owner to the same one takes set-id bits, and the capabilities that some tars take out of an archive.
    _ = fchownat(folder.descriptor, name, uid_t.max, gid_t.max, AT_SYMLINK_NOFOLLOW)
  }

  private func copyTraits(of from: DirectoryDescriptor, to into: DirectoryDescriptor) throws {
    _ = fchown(into.descriptor, from.status.st_uid, from.status.st_gid)
    guard fchmod(into.descriptor, (closed[FileNumber(from.status)] ?? from.status.st_mode) & 0o3777) == 0
    else {
      throw Folder.failure("set the permissions of", into.path)
    }
  }
}

extension DirectoryMerge {
  /// Makes everything in a folder of one's own readable, so that it can be removed.
  package static func open(_ folder: DirectoryDescriptor) {
    for name in (try? folder.names()) ?? [] {
      guard let status = try? folder.status(of: name), status.is(S_IFDIR) else { continue }
      fchmodat(folder.descriptor, name, 0o700, 0)
      if let below = try? folder.directory(name) { open(below) }
    }
  }
}

extension stat {
  fileprivate func `is`(_ kind: mode_t) -> Bool { st_mode & S_IFMT == kind }
}
