import DrydockBase

/// `environment:` lists.
extension ManifestReader {
  /// Reads a list of declarations, nested lists flattened by one level.
  mutating func readEnvironment(_ node: YAMLNode?, of service: String?) -> [EnvironmentDeclaration] {
    guard let node, !node.isNull else { return [] }
    guard case .sequence(let items) = node.content else {
      fail(
        "unknown type for service environment: \(goType(node))", at: node.offset,
        "write a list: - KEY=value")
      return []
    }
    return items.flatMap { item in
      guard case .sequence(let nested) = item.content else { return [item] }
      return nested
    }.compactMap { declaration($0, of: service) }
  }

  /// One item. Convox drops what is not a string.
  private mutating func declaration(_ node: YAMLNode, of service: String?) -> EnvironmentDeclaration? {
    guard let scalar = node.scalar, case .string(let text) = scalar.resolved else {
      warn("Convox drops this item: it is no string", at: node.offset, remedy(for: node))
      return nil
    }
    guard let (name, value) = text.pairExactly(at: "=") else {
      if text == "*" { return .everything }
      note(.required(service: service, text), at: node.offset)
      note(.variable(service: service, text), at: node.offset)
      return .required(text)
    }
    note(.variable(service: service, name), at: node.offset)
    return .defaulted(name, value)
  }

  /// Keeps a place, the first one of its kind.
  private mutating func note(_ place: ManifestPlace, at offset: Int) {
    guard manifest.places[place] == nil else { return }
    manifest.places[place] = source.location(of: offset)
  }

  private func remedy(for node: YAMLNode) -> String {
    switch node.content {
    case .mapping(let pairs):
      let key = pairs.first?.key.text ?? "KEY"
      return "write \(key)=\(pairs.first?.value.scalar?.text ?? "value")"
    case .sequence: return "lists in lists are flattened by one level only"
    case .scalar(let scalar): return "quote it: \"\(scalar.text)\""
    }
  }
}
