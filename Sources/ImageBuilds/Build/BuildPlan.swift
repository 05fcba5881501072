import DockerEngine
import DrydockBase
import TransportSecurity

/// What a build comes to, before anything is sent.
struct BuildPlan: Sendable {
  let context: BuildContext
  /// What the build is for, in letters and digits.
  let recipe: String
  /// All but names and labels.
  let options: BuildOptions
  /// The images that have to be there first.
  let bases: [String]
  /// Files that are sent with another content than they have.
  let substitutes: [String: [UInt8]]

  /// A digest over all that goes into the image.
  func digest(_ bases: [String: String?], context: String) -> String {
    let digest = Digest()
    func add(_ text: String) { digest.addPart(Array(text.utf8)) }
    add(context)
    add(recipe)
    add(options.usesBuildKit ? "buildkit" : "classic")
    digest.addPart(self.context.dockerfileBytes)
    for (name, id) in bases.sorted(by: { $0.key < $1.key }) {
      add(name)
      add(id ?? "")
    }
    for (name, value) in options.arguments.sorted(by: { $0.key < $1.key }) {
      add(name)
      add(value)
    }
    return digest.finish()
  }
}

extension ImageBuilder {
  /// What a build comes to.
  func plan(_ source: ImageSource) async throws -> BuildPlan {
    let context = try BuildContext(app: app, path: source.path, manifest: source.manifest)
    let file = context.dockerfile
    let needs = file.buildKitNeeds
    let hasFrontend = try await hasFrontend(file, needs)
    if let heredoc = needs.first(where: \.isHeredoc), !hasFrontend, client.isOlderThanHeredocs {
      throw DockerfileError(
        file.path, line: heredoc.line,
        "\(heredoc.what): the Docker engine \(client.engine.version) knows no heredocs",
        suggestion: "update the engine to 23 or later, or write the lines with && and a backslash")
    }
    var options = BuildOptions()
    options.arguments = file.buildArguments(from: environment, written: source.arguments)
    options.usesBuildKit = !needs.isEmpty
    options.networkMode = "host"
    let target = file.target(development: isDevelopment)
    options.target = target.index == file.stages.count - 1 ? nil : target.name
    var substitutes: [String: [UInt8]] = [:]
    let bytes =
      needs.isEmpty || hasFrontend
      ? context.dockerfileBytes
      : file.adapted(context.dockerfileBytes, knowsLinks: !client.isOlderThanHeredocs)
    if let place = context.dockerfilePath {
      options.dockerfile = place
      if bytes != context.dockerfileBytes { substitutes[place] = bytes }
    } else {
      options.dockerfile = ".dockerfile.\(shortHash(file.path))"
      substitutes[options.dockerfile] = bytes
      substitutes[".dockerignore"] = try context.ignoring(options.dockerfile)
    }
    let parts = [context.path, file.path, options.target ?? "", isDevelopment ? "development" : ""]
    return BuildPlan(
      context: context, recipe: shortHash((parts + source.arguments.sorted()).joined(separator: "\u{0}")),
      options: options, bases: try file.images(upTo: target, options.arguments), substitutes: substitutes)
  }

  /// Whether the image that `# syntax=` wants is here; without one the engine's own frontend reads the file.
  private func hasFrontend(_ file: Dockerfile, _ needs: [BuildKitNeed]) async throws -> Bool {
    guard !needs.isEmpty, let syntax = file.syntax, (try? ImageReference(syntax.image)) != nil else {
      return false
    }
    return try await client.inspectImage(syntax.image, until: Self.soon) != nil
  }
}

extension BuildContext {
  /// The ignore file with one name more, which is docker's way of keeping a file of its own out of the image.
  fileprivate func ignoring(_ name: String) throws -> [UInt8] {
    let place = path.isEmpty ? ".dockerignore" : "\(path)/.dockerignore"
    let own = try FolderWay(root: root).read(place, limit: IgnoreFile.limit) ?? Array(".dockerignore".utf8)
    return own + Array("\n\(name)\n".utf8)
  }
}

extension DockerClient {
  /// Whether the builder's own parser takes heredocs for instructions and has no `--link`: before Docker 23, whose API is
  /// 1.42.
  fileprivate var isOlderThanHeredocs: Bool {
    let parts = apiVersion.splitExactly(at: ".").compactMap { Int($0) }
    return parts.lexicographicallyPrecedes([1, 42])
  }
}
