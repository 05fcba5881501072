import ConvoxEnvironment
package import ConvoxManifest
import DrydockBase
import Essentials
import LocalFiles

/// An app's folder together with its manifest.
package struct Workspace: Sendable, Hashable {
  /// The app's folder.
  package let folder: AppFolder
  /// The manifest's path.
  package let manifestPath: String
  /// The manifest as messages call it: relative where that is shorter.
  package let displayName: String

  /// Whether the user named the manifest, so that it may be a pipe; one in a repository would wait for ever.
  private let takesStreams: Bool

  /// The workspace around a manifest.
  package init(manifestPath: String, currentDirectory: String) {
    self.init(manifestPath, currentDirectory, takesStreams: false)
  }

  private init(_ manifestPath: String, _ currentDirectory: String, takesStreams: Bool) {
    self.takesStreams = takesStreams
    let url = URL(
      filePath: manifestPath, relativeTo: URL(filePath: currentDirectory, directoryHint: .isDirectory))
    self.manifestPath = url.standardizedFileURL.path
    self.folder = AppFolder(url.standardizedFileURL.deletingLastPathComponent().path)
    // Without a current folder there is nothing to be relative to.
    let base =
      currentDirectory.isEmpty || currentDirectory.endsExactly(with: "/")
      ? currentDirectory : currentDirectory + "/"
    self.displayName =
      !base.isEmpty && self.manifestPath.beginsExactly(with: base)
      ? String(decoding: self.manifestPath.utf8.dropFirst(base.utf8.count), as: UTF8.self) : manifestPath
  }

  /// The workspace of a manifest that the user named, or of the folder that was named; else of the nearest convox.yml
  /// upward, provided that it is not somebody else's.
  /// - Parameter environment: The caller's, which says for whom root works.
  /// - Throws: `DrydockError.manifestMissing` naming the folders searched, or where the current folder was removed;
  ///   `DrydockError.notTrusted`.
  package static func find(
    manifest: String?, from currentDirectory: String, environment: [String: String] = [:]
  ) throws -> Workspace {
    guard currentDirectory.beginsExactly(with: "/") || manifest?.beginsExactly(with: "/") == true else {
      throw DrydockContext.goneDirectory
    }
    if let manifest { return try named(manifest, from: currentDirectory, takesStreams: true) }
    let searched = Folder.upward(from: URL(filePath: currentDirectory).standardizedFileURL.path)
    guard let found = searched.map(manifestPath).first(where: Folder.exists) else {
      throw DrydockError(
        .manifestMissing, "no convox.yml in \(searched.joined(separator: ", "))",
        suggestion: "change to the app's folder, or name the file: --manifest FILE")
    }
    let workspace = Workspace(manifestPath: found, currentDirectory: currentDirectory)
    try workspace.refuseFolder()
    let origin = ManifestOrigin(manifest: found, name: workspace.displayName)
    try origin.refuseStrangers(from: currentDirectory, environment)
    try origin.refuseLinkElsewhere()
    return workspace
  }

  /// The workspace of an app's folder.
  /// - Throws: `DrydockError.manifestMissing`, and `DrydockError.notTrusted` for a link that leads elsewhere.
  package static func find(in folder: String, from currentDirectory: String? = nil) throws -> Workspace {
    let workspace = try named(manifestPath(folder), from: currentDirectory ?? folder, takesStreams: false)
    try ManifestOrigin(manifest: workspace.manifestPath, name: workspace.displayName).refuseLinkElsewhere()
    return workspace
  }

  /// The workspace of an app's folder; nil where that has no manifest.
  /// - Throws: `DrydockError.notTrusted` for a link that leads elsewhere.
  package static func present(in folder: String) throws -> Workspace? {
    do {
      return try find(in: folder)
    } catch let error as DrydockError where error.code == .manifestMissing {
      return nil
    }
  }

  private static func manifestPath(_ folder: String) -> String {
    folder.endsExactly(with: "/") ? "\(folder)convox.yml" : "\(folder)/convox.yml"
  }

  private static func named(
    _ manifest: String, from currentDirectory: String, takesStreams: Bool
  ) throws -> Workspace {
    var workspace = Workspace(manifest, currentDirectory, takesStreams: takesStreams)
    if workspace.isFolder {
      let inside = Workspace(manifestPath: manifestPath(manifest), currentDirectory: currentDirectory)
      guard Folder.exists(inside.manifestPath) else {
        throw DrydockError(
          .manifestMissing, "\(manifest) is a folder without a convox.yml",
          suggestion: "name the manifest: --manifest FILE")
      }
      workspace = inside
    }
    guard Folder.exists(workspace.manifestPath) else {
      throw DrydockError(.manifestMissing, "there is no \(manifest)")
    }
    try workspace.refuseFolder()
    return workspace
  }

  private var isFolder: Bool {
    var info = stat()
    return stat(manifestPath, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  /// A folder of the manifest's name is an accident of Docker, which makes one for a bind mount that is not there.
  private func refuseFolder() throws {
    guard isFolder else { return }
    throw DrydockError(
      .manifestMissing, "\(displayName) is a folder, not a file",
      suggestion: "name the manifest: --manifest FILE")
  }

  /// Reads the manifest.
  /// - Parameter catalog: The resource types that it may name.
  /// - Throws: `ManifestError`, or `DrydockError.manifestMissing` when the file cannot be read.
  package func load(appEnvironment: [String: String], catalog: ResourceCatalog) throws -> Manifest {
    try parse(read(), appEnvironment, catalog)
  }

  /// Reads the manifest, and what tells its text from another.
  package func loadWithHash(
    appEnvironment: [String: String], catalog: ResourceCatalog
  ) throws -> (manifest: Manifest, hash: String) {
    let bytes = try read()
    return (try parse(bytes, appEnvironment, catalog), shortHash(String(decoding: bytes, as: UTF8.self)))
  }

  private func parse(
    _ bytes: [UInt8], _ appEnvironment: [String: String], _ catalog: ResourceCatalog
  ) throws -> Manifest {
    try ManifestLoader(catalog: catalog).load(bytes, file: displayName, appEnvironment: appEnvironment)
  }

  private func read() throws -> [UInt8] {
    do {
      return try BoundedFile.read(
        manifestPath, limit: ManifestLoader.sizeLimit, takesStreams: takesStreams)
    } catch {
      if case .tooLong(let count) = error { throw ManifestLoader.tooLong(count, file: displayName) }
      throw DrydockError(
        .manifestMissing, "cannot read \(displayName): \(error.reason)", suggestion: Self.remedy(error))
    }
  }

  private static func remedy(_ failure: BoundedFile.Failure) -> String {
    switch failure {
    case .system: "check its permissions"
    default: "name a manifest that is a file: --manifest FILE"
    }
  }
}
