import ConvoxEnvironment
import DrydockBase
package import Essentials
import LocalFiles

/// The files in an app's `.drydock`, drydock's own. Whoever made the repository, or can write in it, may have put
/// something else there, such as a link to a file of the user's: that is refused, and neither read, written nor
/// removed.
package struct OwnFiles: Sendable {
  /// The file with the variables of every resource.
  package static let allVariables = "all.env"

  /// Whose files are taken: the caller's, root's, and those of the owner of the app's folder, for whom root works.
  private let owners: Set<uid_t>
  private let directory: DirectoryDescriptor

  /// The files of an app; nil where there is no `.drydock`.
  /// - Throws: `DrydockError.cannotWrite` for a `.drydock` that is no folder of drydock's.
  package init?(existingIn folder: AppFolder) throws {
    let app: DirectoryDescriptor
    do {
      app = try DirectoryDescriptor(searching: folder.path)
    } catch {
      guard [ENOENT, ENOTDIR].contains(error.errno) else { throw Self.failure("read", error) }
      return nil
    }
    let owners = Self.owners(of: app)
    let found = try Self.attempt("use") { () throws(DirectoryError) in
      try app.directory(".drydock", owners: owners)
    }
    guard let found else { return nil }
    (self.owners, directory) = (owners, found)
  }

  /// The files of an app, whose `.drydock` is made if there is none.
  /// - Throws: `DrydockError.cannotWrite`.
  package init(madeIn folder: AppFolder) throws {
    if !Folder.exists(folder.path) { try Folder.make(folder.path, mode: getuid() == 0 ? 0o711 : 0o700) }
    (owners, directory) = try Self.attempt("use") { () throws(DirectoryError) in
      let app = try DirectoryDescriptor(searching: folder.path)
      let owners = Self.owners(of: app)
      return (owners, try app.makingDirectory(".drydock", mode: 0o700, owners: owners))
    }
  }

  private static func owners(of app: DirectoryDescriptor) -> Set<uid_t> { [geteuid(), 0, app.status.st_uid] }

  /// The names of all that is there, whatever it is.
  package func names() throws -> [String] {
    try Self.attempt("read") { () throws(DirectoryError) in try directory.names() }
  }

  /// A file's content; nil for nothing.
  package func read(_ name: String) throws -> [UInt8]? {
    try Self.attempt("read") { () throws(DirectoryError) in
      try directory.read(name, limit: 1 << 24, owners: owners)
    }
  }

  /// Writes a file if a byte of it, or its mode, changes.
  /// - Parameter isDurable: Whether it has reached the disk when this returns.
  package func write(_ bytes: [UInt8], to name: String, mode: mode_t, isDurable: Bool = true) throws {
    try Self.attempt("write") { () throws(DirectoryError) in
      _ = try directory.write(bytes, to: name, mode: mode, owners: owners, isDurable: isDurable)
    }
  }

  /// Removes a file; nothing at that name is fine.
  package func remove(_ name: String) throws {
    try Self.attempt("remove") { () throws(DirectoryError) in try directory.remove(name, owners: owners) }
  }

  /// Refuses what could not be written, before anything is begun.
  package func refuseForeign(_ name: String) throws {
    try Self.attempt("write") { () throws(DirectoryError) in try directory.refuse(name, owners: owners) }
  }

  private static func attempt<Value>(
    _ verb: String, _ body: () throws(DirectoryError) -> Value
  ) throws -> Value {
    do { return try body() } catch { throw failure(verb, error) }
  }

  private static func failure(_ verb: String, _ error: DirectoryError) -> DrydockError {
    DrydockError(
      .cannotWrite, "cannot \(verb) \(error.path): \(error.reason)",
      suggestion: error.isRefusal ? away(error.path) : error.isUnsupported ? error.remedy : writable)
  }

  private static func away(_ path: String) -> String {
    let isFolder = path.endsExactly(with: "/.drydock")
    return "drydock keeps \(isFolder ? "a folder" : "a file") of its own there: move what is there out of "
      + (isFolder ? "the app's folder" : ".drydock")
  }

  /// DRYDOCK_HOME does not help here: these files belong into the app's folder.
  private static let writable =
    "make the app's folder writable for you, on a disk that has room and keeps permissions"
}
