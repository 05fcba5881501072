package import ConvoxManifest
import DrydockBase
import Essentials
import LocalFiles

extension Workspace {
  /// What the drydock.yml beside the manifest says; no settings where there is none.
  ///
  /// Its hooks are commands, so that it has to be as trustworthy as the manifest: the caller's, root's, or its owner's who
  /// has the manifest, and no link.
  /// - Throws: `ManifestError`; `DrydockError.notTrusted`, and `.manifestMissing` where it cannot be read.
  package func settings(for manifest: Manifest) throws -> DrydockSettings {
    let path = "\(folder.path)/\(DrydockSettings.fileName)"
    var info = stat()
    guard lstat(path, &info) == 0 else { return DrydockSettings() }
    try refuseStrangers(path, info)
    do {
      let bytes = try BoundedFile.read(path, limit: DrydockSettings.sizeLimit)
      return try DrydockSettings(bytes, file: settingsName, for: manifest)
    } catch let failure as BoundedFile.Failure {
      throw DrydockError(
        .manifestMissing, "cannot read \(settingsName): \(failure.reason)",
        suggestion: "it is a file of at most \(DrydockSettings.sizeLimit >> 10) KiB, or absent")
    }
  }

  /// What messages call the file: as the manifest is called, with its own last part.
  private var settingsName: String {
    let parent = displayName.splitExactly(at: "/", omittingEmpty: false).dropLast().joined(separator: "/")
    return displayName.contains("/") ? "\(parent)/\(DrydockSettings.fileName)" : DrydockSettings.fileName
  }

  private func refuseStrangers(_ path: String, _ info: stat) throws {
    guard info.st_mode & S_IFMT != S_IFLNK else {
      throw DrydockError(
        .notTrusted, "\(settingsName) is a link, and is not followed", suggestion: "put the file itself there"
      )
    }
    var trusted: Set<uid_t> = [geteuid(), 0]
    var ofManifest = stat()
    if stat(manifestPath, &ofManifest) == 0 { trusted.insert(ofManifest.st_uid) }
    guard !trusted.contains(info.st_uid) else { return }
    throw DrydockError(
      .notTrusted, "\(path) belongs to \(userName(info.st_uid)), and holds commands",
      suggestion: "if you trust it, make it yours: chown; else remove it")
  }

  /// What is wrong with the drydock.yml, and with what services are to be built from, as a start would find it.
  package func startFindings(_ manifest: Manifest) throws -> [Diagnostic] {
    var findings = manifest.startFindings() + dockerfileFindings(manifest)
    do {
      _ = try settings(for: manifest)
    } catch let error as ManifestError {
      findings += error.diagnostics
    }
    return findings
  }

  /// The Dockerfiles that are not there; folders that are not are told by `buildFindings`.
  private func dockerfileFindings(_ manifest: Manifest) -> [Diagnostic] {
    manifest.services.compactMap { service in
      guard let build = service.built else { return nil }
      let place = build.path.beginsExactly(with: "/") ? build.path : "\(folder.path)/\(build.path)"
      guard Folder.exists("\(place)/."), !Folder.exists("\(place)/\(build.manifest)") else { return nil }
      let name = build.path == "." ? build.manifest : "\(build.path)/\(build.manifest)"
      return Diagnostic(
        .warning, at: manifest.buildPlace(of: service),
        "service \(service.name) is built by \(name), which is not there: a build would fail",
        suggestion: service.command == nil
          ? "write one, or give the service an image:" : "here it can run as a process all the same")
    }
  }
}
