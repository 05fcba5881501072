public import ConvoxManifest
import Engines
import Foundation

/// An app's folder together with its manifest.
public struct Workspace: Sendable, Hashable {
  /// The app's folder.
  public let folder: AppFolder
  /// The manifest's path.
  public let manifestPath: String
  /// The manifest as messages call it: relative where that is shorter.
  public let displayName: String

  /// The workspace around a manifest.
  public init(manifestPath: String, currentDirectory: String) {
    let url = URL(
      filePath: manifestPath, relativeTo: URL(filePath: currentDirectory, directoryHint: .isDirectory))
    self.manifestPath = url.standardizedFileURL.path
    self.folder = AppFolder(url.standardizedFileURL.deletingLastPathComponent().path)
    let base = currentDirectory.hasSuffix("/") ? currentDirectory : currentDirectory + "/"
    self.displayName =
      self.manifestPath.hasPrefix(base) ? String(self.manifestPath.dropFirst(base.count)) : manifestPath
  }

  /// The workspace of a manifest that the user named, else of the nearest convox.yml upward.
  /// - Throws: `EmulatorError.manifestMissing` naming the folders searched.
  public static func find(manifest: String?, from currentDirectory: String) throws -> Workspace {
    if let manifest {
      let workspace = Workspace(manifestPath: manifest, currentDirectory: currentDirectory)
      guard Folder.exists(workspace.manifestPath) else {
        throw EmulatorError(.manifestMissing, "there is no \(manifest)")
      }
      try workspace.refuseFolder()
      return workspace
    }
    let folders = sequence(first: URL(filePath: currentDirectory).standardizedFileURL.path) { path in
      path == "/" ? nil : URL(filePath: path).deletingLastPathComponent().path
    }
    let searched = Array(folders)
    for folder in searched {
      let path = folder == "/" ? "/convox.yml" : "\(folder)/convox.yml"
      guard Folder.exists(path) else { continue }
      let workspace = Workspace(manifestPath: path, currentDirectory: currentDirectory)
      try workspace.refuseFolder()
      return workspace
    }
    throw EmulatorError(
      .manifestMissing, "no convox.yml in \(searched.joined(separator: ", "))",
      suggestion: "change to the app's folder, or name the file: --manifest FILE")
  }

  /// A folder of the manifest's name is an accident of Docker, which makes one for a bind mount that is not there.
  private func refuseFolder() throws {
    var info = stat()
    guard stat(manifestPath, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { return }
    throw EmulatorError(
      .manifestMissing, "\(displayName) is a folder, not a file",
      suggestion: "remove it, or name the manifest: --manifest FILE")
  }

  /// Reads the manifest.
  /// - Throws: `ManifestError`, or `EmulatorError.manifestMissing` when the file cannot be read.
  public func load(appEnvironment: [String: String]) throws -> Manifest {
    guard let data = FileManager.default.contents(atPath: manifestPath) else {
      throw EmulatorError(.manifestMissing, "cannot read \(displayName)", suggestion: "check its permissions")
    }
    return try ManifestLoader(catalog: EngineRegistry.catalog).load(
      Array(data), file: displayName, appEnvironment: appEnvironment)
  }
}
