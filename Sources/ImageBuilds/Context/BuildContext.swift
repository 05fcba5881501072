import DrydockBase
package import LocalFiles

/// What a build of an image is made from: a folder of the app, what of it is sent, and the Dockerfile.
package struct BuildContext: Sendable {
  /// The app's folder.
  package let root: DirectoryDescriptor
  /// The folder that is built.
  package let folder: DirectoryDescriptor
  /// The way from the one to the other, without dots; empty for the same.
  package let path: String
  /// The Dockerfile.
  package let dockerfile: Dockerfile
  /// Its bytes.
  package let dockerfileBytes: [UInt8]
  /// Where it lies in the folder that is built; nil where it lies elsewhere in the app.
  package let dockerfilePath: String?
  /// The ignore files that count, as paths from the app's folder.
  package let ignoreFiles: [String]
  let rootRules: IgnoreFile?
  let ownRules: IgnoreFile

  /// Opens what is to be built, and reads the files that say how.
  /// - Parameters:
  ///   - app: The app's folder.
  ///   - path: The folder to build, from there.
  ///   - manifest: The Dockerfile, from the folder to build.
  /// - Throws: `DrydockError`, `DockerfileError`, `IgnoreFileError`, `DirectoryError`.
  package init(app: String, path written: String, manifest: String) throws {
    root = try DirectoryDescriptor(app, followingLink: true)
    let way = FolderWay(root: root)
    path = ContextCopy.cleaned(written)
    folder = try Self.folder(written, way)
    // As docker has it: from the folder that is built, wherever that leads inside of the app.
    let place = path.isEmpty ? manifest : "\(path)/\(manifest)"
    guard let bytes = try way.read(place, limit: Dockerfile.limit) else {
      throw DrydockError(
        .manifestInvalid, "there is no \(place)",
        suggestion: "write one, or name it: build: {path: …, manifest: …}")
    }
    dockerfileBytes = bytes
    dockerfile = try Dockerfile(bytes, path: ContextCopy.cleaned(place))
    let inside = ContextCopy.cleaned(manifest)
    dockerfilePath = manifest.splitExactly(at: "/").contains("..") ? nil : inside
    (rootRules, ownRules, ignoreFiles) = try Self.rules(
      way, path, dockerfilePath, withBuildKit: !dockerfile.buildKitNeeds.isEmpty)
  }

  private static func folder(_ path: String, _ way: FolderWay) throws -> DirectoryDescriptor {
    switch try way.follow(path) {
    case .folder(let folder): return folder
    case .missing: throw DrydockError(.manifestInvalid, "there is no folder \(path) to build")
    case .file, .other: throw DrydockError(.manifestInvalid, "\(path) is no folder: it cannot be built")
    case .outside:
      throw DrydockError(
        .manifestInvalid, "the folder \(path) to build lies outside of the app's",
        suggestion: "Convox uploads the folder of convox.yml and nothing beyond it")
    }
  }

  /// The root's rules apply as Convox uploads the app, the folder's own as docker builds it.
  private static func rules(
    _ way: FolderWay, _ path: String, _ dockerfile: String?, withBuildKit: Bool
  ) throws -> (root: IgnoreFile?, own: IgnoreFile, files: [String]) {
    let prefix = path.isEmpty ? "" : path + "/"
    let kept = [".dockerignore"] + (dockerfile.map { [$0] } ?? [])
    var files: [String] = []
    func read(_ place: String, _ kept: [String]) throws -> IgnoreFile? {
      guard let bytes = try way.read(place, limit: IgnoreFile.limit) else { return nil }
      files.append(place)
      return try IgnoreFile(bytes, path: place, keeping: kept)
    }
    // BuildKit takes one that is named after the Dockerfile in place of the common one.
    let special =
      try withBuildKit ? dockerfile.flatMap { try read("\(prefix)\($0).dockerignore", kept) } : nil
    let own = try special ?? read("\(prefix).dockerignore", kept) ?? .none
    guard !path.isEmpty || special != nil else { return (nil, own, files) }
    return (try read(".dockerignore", kept.map { prefix + $0 }), own, files)
  }
}
