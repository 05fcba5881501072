import Essentials

/// `resources:`.
extension ManifestReader {
  mutating func readResources(_ node: YAMLNode?) {
    var owners: [String: String] = [:]
    for pair in pairs(node, type: "yaml.MapSlice") ?? [] {
      guard let name = name(pair.key) else { continue }
      checkName(name, at: pair.key.offset, &owners)
      guard let resource = resource(name, pair) else {
        unreadableResources.insert(name)
        continue
      }
      resourcePositions[name] = manifest.resources.count
      manifest.resources.append(resource)
    }
    checkReplicas()
  }

  /// Refuses names from which no variables can be made, and two names that make the same ones.
  private mutating func checkName(_ name: String, at offset: Int, _ owners: inout [String: String]) {
    guard ManifestReader.isName(name, [.uppercase, .underscores]) else {
      fail(
        "resource name \(name) invalid: neither AWS nor a variable's name takes it", at: offset,
        "use letters, digits, dashes and underscores, a letter first")
      return
    }
    let prefix = Resource.environmentPrefix(of: name)
    if let owner = owners[prefix] {
      fail(
        "resources \(owner) and \(name) would both set \(prefix)_URL", at: offset, "rename one of them")
    } else {
      owners[prefix] = name
    }
  }

  private mutating func resource(_ name: String, _ pair: YAMLNode.Pair) -> Resource? {
    guard let pairs = pairs(pair.value, type: "manifest.Resource") else { return nil }
    warnUnknown(pairs, known: ["image", "options", "tags", "type"], in: "resource \(name)")
    guard let declared = declaredType(pairs, of: pair.key), let type = type(named: declared, pairs) else {
      return nil
    }
    checkStringMap(value("tags", pairs))
    var image = string(value("image", pairs))
    if image?.isEmpty == true { image = nil }
    if image != nil, let node = value("image", pairs) {
      warn("`image` is v3's; a v2 rack ignores it and goes by the version", at: node.offset)
    }
    return Resource(
      name: name, type: type.name, declaredType: declared, image: image,
      options: options(value("options", pairs), of: type, declaredAs: declared),
      location: source.location(of: pair.key.offset))
  }

  private mutating func declaredType(_ pairs: [YAMLNode.Pair], of key: YAMLScalar) -> String? {
    let node = value("type", pairs)
    if let node, node.scalar == nil {
      fail(cannotUnmarshal(node, into: "string"), at: node.offset)
      return nil
    }
    let declared = node?.scalar?.resolved.text ?? ""
    guard declared.trimmed().isEmpty else { return declared }
    let variable = node?.scalar.flatMap { explain($0) }
    fail(
      "resource type can not be blank", at: node?.offset ?? key.offset,
      variable.map { "\($0) is not set in the app env" }
        ?? "types: \(catalog.types.map(\.name).joined(separator: ", "))")
    return nil
  }

  private mutating func type(named declared: String, _ pairs: [YAMLNode.Pair]) -> ResourceType? {
    let offset = value("type", pairs)?.offset ?? 0
    guard let type = catalog.type(named: declared) else {
      let all = catalog.types.flatMap { [$0.name] + $0.v3Names }
      let types = "types: \(catalog.types.map(\.name).joined(separator: ", "))"
      fail(
        "no such resource type: \(declared)", at: offset,
        findings.didYouMean(.error, declared, in: all).map { "\($0) \(types)" } ?? types)
      return nil
    }
    if declared != type.name {
      warn("type \(declared) is v3's name of \(type.name); a v2 rack does not know it", at: offset)
    }
    return type
  }

  /// The first unset name that took part in a value; it counts as explained from then on.
  mutating func explain(_ scalar: YAMLScalar) -> String? {
    let unset = source.unset(in: scalar)
    for variable in unset { explained.insert(variable.source.lowerBound) }
    return unset.first.map { "${\($0.name)}" }
  }
}
