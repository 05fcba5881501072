import AppState
import ByteStreams
import DrydockBase
import Essentials
import LocalFiles
import MonotonicTime

/// Where the code of an app is for a build.
struct AppSource: Sendable {
  /// The folder.
  let folder: String
  /// Whether it was unpacked for this build alone.
  let isCopy: Bool

  /// The workspace of a manifest in it.
  /// - Throws: `DrydockError` for one that is not there, or no file.
  func workspace(_ manifest: String) throws -> Workspace { try Workspace.named(manifest, in: folder) }

  /// Removes a copy.
  func remove() async throws {
    if isCopy { try await Folder.removeTree(folder) }
  }
}

extension Workspace {
  /// The workspace of a manifest of that name in an app's folder.
  /// - Throws: `DrydockError` for one that is not there, or no file.
  static func named(_ name: String, in folder: String) throws -> Workspace {
    guard name != "convox.yml" else { return try find(in: folder) }
    var info = stat()
    guard lstat("\(folder)/\(name)", &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw DrydockError(.manifestMissing, "there is no file \(name) in the app's folder")
    }
    return try find(manifest: name, from: folder)
  }
}

extension Rack {
  /// Whether an app has no folder of the user's, so that it lives from what is uploaded.
  func isOwn(_ state: InstanceState) -> Bool { context.home.hasOwnFolder(state) }

  /// Where the code of a build is.
  func source(of build: AppBuild, _ state: InstanceState) async throws -> AppSource {
    guard isOwn(state) else { return AppSource(folder: state.path, isCopy: false) }
    let store = buildStore(state)
    let folder = store.tree(of: build.id)
    try await unpack(store.source(of: build.id), into: folder)
    return AppSource(folder: folder, isCopy: true)
  }

  /// The workspace of a release: of an app that lives from uploads, the release's source is put in its folder first.
  /// - Returns: Nil for an app without a manifest.
  func workspace(of release: Release, _ state: InstanceState) async throws -> Workspace? {
    let store = buildStore(state)
    guard let build = release.build.flatMap(store.load) else { return try Workspace.present(in: state.path) }
    if isOwn(state), Folder.exists(store.source(of: build.id)) {
      try await replace(state.path, by: store.source(of: build.id), named: state.handle)
    }
    return try Workspace.named(build.manifestName, in: state.path)
  }

  /// Where an app's next code is put together.
  func freshFolder(of app: String) -> String { "\(context.home.root)/apps/.\(app)" }

  private func unpack(_ archive: String, into folder: String) async throws {
    try await Folder.removeTree(folder)
    try Folder.make(folder, mode: 0o700)
    let descriptor = open(archive, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw Folder.failure("read", archive) }
    defer { close(descriptor) }
    var tree = try SourceTree(in: folder)
    do {
      try await tree.unpack(DescriptorStreams.source(descriptor))
    } catch {
      await Folder.discardTree(folder)
      throw error
    }
  }

  /// Puts the content of an archive in place of a folder's, but for what drydock keeps in it. The folder itself stays, for
  /// it is where processes run.
  private func replace(_ folder: String, by archive: String, named name: String) async throws {
    let fresh = freshFolder(of: name)
    try await unpack(archive, into: fresh)
    try await offThePool {
      let (old, new) = (
        try DirectoryDescriptor(folder, followingLink: false),
        try DirectoryDescriptor(fresh, followingLink: false)
      )
      for name in try old.names() where name != ".drydock" { try old.removeTree(name) }
      for name in try new.names() where renameat(new.descriptor, name, old.descriptor, name) != 0 {
        throw Folder.failure("move", new.path(of: name))
      }
    }
    try await Folder.removeTree(fresh)
  }
}
