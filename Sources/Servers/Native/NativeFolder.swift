import AppState
import DrydockBase
package import Engines
import Essentials
import LocalFiles
package import NativeProcess
import SystemPackage

/// The folder of a native server, held by a descriptor.
///
/// Where root runs drydock it is root's, like everything that drydock writes in it, and the engine's user may only pass.
/// That user owns the folders for data, sockets and scratch, and its configuration files, which drydock writes anew at
/// each start and never reads. So a server that has been taken over has nothing that it could put in root's way.
package struct NativeFolder: ~Copyable {
  private let layout: NativeLayout
  /// The engine's user; nil where it is the user that runs drydock.
  private let owner: ProcessUser?
  private let directory: DirectoryDescriptor

  private init(layout: NativeLayout, owner: ProcessUser?, directory: DirectoryDescriptor) {
    self.layout = layout
    self.owner = owner
    self.directory = directory
  }

  /// Makes the folder, or takes over one of the first release, in which it was the engine's user's.
  package static func open(_ layout: NativeLayout, owner: ProcessUser?) throws -> NativeFolder {
    try Folder.make(layout.folder, mode: 0o700)
    // The folder above is drydock's own, so that a link here would be too.
    let directory = try attempt("open", layout.folder) { () throws(DirectoryError) in
      try DirectoryDescriptor(layout.folder, followingLink: true)
    }
    let folder = NativeFolder(layout: layout, owner: owner, directory: directory)
    try folder.takeOver()
    return folder
  }

  private func takeOver() throws {
    guard let owner else { return }
    let info = directory.status
    guard info.st_uid != 0 || info.st_gid != owner.groupID || info.st_mode & 0o7777 != 0o710 else { return }
    let version = info.st_uid == 0 ? nil : layout.dataVersion
    try Self.attempt("give away", layout.folder) { () throws(DirectoryError) in
      try directory.give(user: 0, group: owner.groupID, mode: 0o710)
    }
    if let version { try layout.record(dataVersion: version) }
  }

  /// What lies in the folder besides data: the keeper's own folder, and those that the engine may write to.
  package func prepare(socket: String?) throws {
    try makeProcessFolder()
    try refuseForeignData()
    try makeEngineFolder(URL(filePath: layout.scratch).lastPathComponent)
    try makeSocketFolder(socket)
    for name in NativeLayout.formerFiles + ReplicaPlace.passingFiles + [NativeFolders.timeZonesName] {
      try Folder.remove("\(layout.folder)/\(name)")
    }
  }

  /// Where lock, record and log lie. They would be believed, so that nobody else may have made it.
  private func makeProcessFolder() throws {
    let path = layout.files.folder
    let name = URL(filePath: path).lastPathComponent
    do throws(DirectoryError) {
      let made = try directory.makingDirectory(name, mode: 0o700)
      if owner == nil || made.status.st_uid == 0 { return }
    } catch {
      guard error.isRefusal || error.errno == ENOTDIR else {
        throw Self.failure("make the folder", path, error)
      }
    }
    let error = NativeProcessError.exchanged(path)
    throw DrydockError(.cannotWrite, error.message, suggestion: error.suggestion)
  }

  /// A link in place of the data would have root's hands in another folder, unless it is root's own link.
  private func refuseForeignData() throws {
    let name = URL(filePath: layout.data).lastPathComponent
    let found = try Self.attempt("look at", layout.data) { () throws(DirectoryError) in
      try directory.status(of: name)
    }
    guard let found, found.st_mode & S_IFMT != S_IFDIR else { return }
    guard found.st_mode & S_IFMT == S_IFLNK, found.st_uid == geteuid() else {
      throw DrydockError(
        .cannotWrite, "\(layout.data) is no folder: whoever runs the engine has exchanged it",
        suggestion: "look for the data, or start fresh with down --delete-data")
    }
  }

  /// A folder that belongs to the engine's user; what else has its name goes.
  private func makeEngineFolder(_ name: String) throws {
    let path = "\(layout.folder)/\(name)"
    let made: DirectoryDescriptor
    do {
      if let info = try directory.status(of: name), info.st_mode & S_IFMT != S_IFDIR {
        try directory.removeTree(name)
      }
      made = try directory.makingDirectory(name, mode: 0o700)
    } catch {
      throw Self.failure("make the folder", path, error)
    }
    guard let owner else { return }
    try Self.attempt("give away", path) { () throws(DirectoryError) in
      try made.give(user: owner.userID, group: owner.groupID, mode: 0o700)
    }
  }

  private func makeSocketFolder(_ socket: String?) throws {
    let url = URL(filePath: layout.sockets)
    let parent = url.deletingLastPathComponent().path
    if parent != layout.folder { try makeSharedFolder(parent) }
    // PostgreSQL refuses to start over a socket's lock file whose process number belongs to somebody else by now.
    try Folder.remove(layout.sockets)
    try Folder.make(layout.sockets, mode: 0o700)
    if socket != nil { try Folder.refuseWithoutSockets(layout.sockets) }
    if let owner { try Folder.give(layout.sockets, user: owner.userID, group: owner.groupID) }
  }

  /// The parent lies in /tmp, where anybody could have made it first.
  private func makeSharedFolder(_ path: String) throws {
    try Folder.make(path, mode: getuid() == 0 ? 0o711 : 0o700)
    guard Folder.isOwn(path) else {
      throw DrydockError(
        .cannotWrite, "\(path) belongs to somebody else",
        suggestion: "name a home with a shorter path by DRYDOCK_HOME, whose sockets lie in it")
    }
  }

  /// Writes files of a recipe for the engine's user, in place of whatever has their names.
  package func write(_ files: [RecipeFile]) throws {
    for file in files {
      let parts = file.path.splitExactly(at: "/", omittingEmpty: false)
      let name = parts.last ?? ""
      guard file.path.isExactly("\(layout.folder)/\(name)"), !name.isEmpty else {
        throw DrydockError(.internalFault, "\(file.path) is not in \(layout.folder)")
      }
      do {
        if let info = try directory.status(of: name), info.st_mode & S_IFMT == S_IFDIR {
          try directory.removeTree(name)
        }
        try directory.replace(
          name, with: Array(file.contents.utf8), mode: mode_t(file.mode),
          owner: owner.map { ($0.userID, $0.groupID) },
          // Each start writes them anew.
          isDurable: false)
      } catch {
        throw Self.failure("write", file.path, error)
      }
    }
  }

  private static func attempt<Value>(
    _ action: String, _ path: String, _ body: () throws(DirectoryError) -> Value
  ) throws -> Value {
    do throws(DirectoryError) { return try body() } catch { throw failure(action, path, error) }
  }

  private static func failure(_ action: String, _ path: String, _ error: any Error) -> DrydockError {
    let refused = error as? DirectoryError
    let number = refused?.errno ?? (error as? RemovalError)?.errno.rawValue ?? EIO
    return DrydockError(
      .cannotWrite, "cannot \(action) \(path): \(refused?.reason ?? String(cString: strerror(number)))",
      suggestion: WriteRemedy.elsewhere(after: number))
  }
}
