/// The name of an image, taken apart and completed as the docker command does it.
package struct ImageReference: Sendable, Hashable, CustomStringConvertible {
  /// The registry: `docker.io` where the name states none.
  package let registry: String
  /// The repository in the registry: `library/postgres` for `postgres`.
  package let repository: String
  /// The tag: `latest` where the name states neither tag nor digest.
  package let tag: String?
  /// The digest, such as `sha256:…`.
  package let digest: String?

  /// Takes a name apart.
  /// - Throws: ``DockerError`` with `invalidArgument` for a name that no registry would take.
  package init(_ name: String) throws {
    let (rest, digest) = Self.split(name, at: "@")
    let lastPart = rest.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let tag = lastPart.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first
    let path = tag.map { rest.dropLast($0.count + 1) } ?? rest[...]
    let (registry, repository) = Self.registryAndRepository(String(path))
    self.registry = registry
    self.repository = repository
    self.tag = tag.map(String.init) ?? (digest == nil ? "latest" : nil)
    self.digest = digest
    guard isValid else {
      throw DockerError(.invalidArgument, "\"\(name)\" is not the name of an image")
    }
  }

  /// The complete name: `docker.io/library/postgres:16`.
  package var description: String { familiarBase(registry + "/" + repository) }

  /// What `fromImage` and `tag` are when the image is pulled; a digest goes where the tag is.
  var pullParameters: (image: String, tag: String) {
    (registry + "/" + repository, digest ?? tag ?? "latest")
  }

  private func familiarBase(_ base: String) -> String {
    base + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
  }

  private var isValid: Bool {
    let parts = repository.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ $0.wholeMatch(of: #/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*/#) != nil }),
      registry.wholeMatch(of: #/[A-Za-z0-9][A-Za-z0-9.\-]*(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?/#) != nil
    else { return false }
    if let tag, tag.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9_.\-]{0,127}/#) == nil { return false }
    if let digest, digest.wholeMatch(of: #/[a-z0-9+._\-]+:[0-9a-fA-F]{32,}/#) == nil { return false }
    return true
  }

  private static func split(_ text: String, at mark: Character) -> (String, String?) {
    guard let index = text.firstIndex(of: mark) else { return (text, nil) }
    return (String(text[..<index]), String(text[text.index(after: index)...]))
  }

  /// The first part is a registry if it looks like a host: with a dot, a port, or `localhost`.
  private static func registryAndRepository(_ path: String) -> (String, String) {
    let (first, rest) = split(path, at: "/")
    if let rest, first.contains(".") || first.contains(":") || first == "localhost" {
      return first == "docker.io" || first == "index.docker.io"
        ? ("docker.io", official(rest)) : (first, rest)
    }
    return ("docker.io", official(path))
  }

  private static func official(_ repository: String) -> String {
    repository.contains("/") ? repository : "library/" + repository
  }
}
