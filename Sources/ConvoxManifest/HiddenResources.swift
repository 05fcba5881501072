/// Resources that were probably meant where Convox sees none: under a misspelt key, or in the wrong place.
package struct HiddenResources: Sendable, Hashable {
  /// Their names; nil where anything may stand there.
  package var names: Set<String>?
  /// Where they are and what to do, as an error for whoever cannot do without them.
  package var finding: Diagnostic

  /// Whether a resource of that name may be one of them.
  package func mayHold(_ name: String) -> Bool { names?.contains(name) ?? true }
}

extension ManifestReader {
  /// Notes what hides behind keys that Convox ignores.
  mutating func noteHidden(_ pairs: [YAMLNode.Pair], known: [String], in owner: String) {
    for pair in pairs where !known.contains(pair.key.text) && manifest.hidden.count < Findings.limit {
      guard pair.value.scalar == nil else { continue }
      let isNear = known.contains("resources") && isNearResources(pair.key.text)
      var names = isNear ? entries(of: pair.value) : declarations(in: pair.value)
      if isDeclaration(pair.value) { names.insert(pair.key.text) }
      // A whole section in the wrong place is told once.
      for hidden in manifest.hidden where !names.isEmpty { names.subtract(hidden.names ?? []) }
      guard !names.isEmpty else { continue }
      hide(
        names, at: pair.key.offset, "unknown key `\(pair.key.text)` in \(owner): Convox ignores it",
        isNear ? "did you mean resources?" : "resources stand under resources: at the beginning of a line")
    }
  }

  /// Notes a section of resources that is set in so that it became a service.
  mutating func noteHidden(service name: String, _ value: YAMLNode, at offset: Int) {
    guard isNearResources(name) else { return }
    let names = declarations(in: value)
    guard !names.isEmpty else { return }
    hide(
      names, at: offset, "\(name) stands under services, so that Convox takes it for a service",
      "write resources: at the beginning of a line")
  }

  mutating func hide(_ names: Set<String>?, at offset: Int, _ message: String, _ suggestion: String) {
    manifest.hidden.append(
      HiddenResources(
        names: names,
        finding: Diagnostic(.error, at: source.location(of: offset), message, suggestion: suggestion)))
  }

  /// The length is asked first, which bounds the time that a file full of keys takes.
  private func isNearResources(_ key: String) -> Bool {
    (6...14).contains(key.utf8.count) && nearest(to: key, in: ["resources"]) != nil
  }

  /// The names in a map, or in a list of names.
  private func entries(of node: YAMLNode) -> Set<String> {
    switch node.content {
    case .mapping(let pairs): Set(pairs.map(\.key.text))
    case .sequence(let items): Set(items.compactMap { $0.scalar?.text })
    case .scalar: []
    }
  }

  /// The names under which a map declares resources.
  private func declarations(in node: YAMLNode) -> Set<String> {
    guard case .mapping(let pairs) = node.content else { return [] }
    return Set(pairs.filter { isDeclaration($0.value) }.map(\.key.text))
  }

  private func isDeclaration(_ node: YAMLNode) -> Bool {
    guard case .mapping(let pairs) = node.content, let type = value("type", pairs)?.scalar else {
      return false
    }
    return catalog.type(named: type.text) != nil
  }
}
