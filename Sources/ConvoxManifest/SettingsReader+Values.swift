import DrydockBase

/// Values of a drydock.yml, and what is said where they are something else.
extension SettingsReader {
  /// Keys of convox.yml, by which somebody may try to set there what Convox has to know.
  private static let convoxKeys = [
    "build", "command", "domain", "environment", "health", "image", "links", "port", "resources", "scale",
    "timers", "volumes",
  ]

  /// The pairs of a map; none for nothing.
  mutating func pairs(_ node: YAMLNode, _ subject: String) -> [YAMLNode.Pair] {
    guard !node.isNull else { return [] }
    if case .mapping(let pairs) = node.content { return pairs }
    fail("\(subject) no map", at: node.offset, "write KEY: VALUE lines")
    return []
  }

  /// The items of a list; none for nothing.
  mutating func items(_ node: YAMLNode, _ subject: String, _ form: String) -> [YAMLNode] {
    guard !node.isNull else { return [] }
    if case .sequence(let items) = node.content { return items }
    fail("\(subject) no list", at: node.offset, form)
    return []
  }

  func value(_ name: String, _ pairs: [YAMLNode.Pair]) -> YAMLNode? {
    pairs.first { $0.key.text == name }?.value
  }

  /// One of a few words, by how it is written: YAML would make a false of `off`.
  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: YAMLNode, _ type: Choice.Type, _ subject: String
  ) -> Choice? where Choice.RawValue == String {
    if let scalar = node.scalar, let choice = Choice(rawValue: scalar.text) { return choice }
    let words = Choice.allCases.map(\.rawValue)
    let isMap = if case .mapping = node.content { true } else { false }
    let hint = node.scalar.flatMap { findings.didYouMean(.error, $0.text, in: words) }
    fail(
      "\(subject) is one of \(words.joined(separator: ", "))", at: node.offset,
      hint ?? (isMap ? "what a service is stands in convox.yml" : nil))
    return nil
  }

  /// The service of that name.
  mutating func service(_ key: YAMLScalar) -> Service? { service(key.text, at: key.offset) }

  mutating func service(_ name: String, at offset: Int) -> Service? {
    if let service = manifest.service(named: name) { return service }
    let names = manifest.services.map(\.name)
    fail(
      "there is no service \(name) in convox.yml", at: offset,
      findings.didYouMean(.error, name, in: names) ?? ManifestReader.listing("services", names))
    return nil
  }

  mutating func refuseKey(_ key: YAMLScalar, in owner: String, known: [String]) {
    let belongsToConvox = owner == DrydockSettings.fileName && Self.convoxKeys.contains(key.text)
    fail(
      "unknown key `\(key.text)` in \(owner)", at: key.offset,
      belongsToConvox
        ? "it belongs in convox.yml; nothing that production needs stands here"
        : findings.didYouMean(.error, key.text, in: known) ?? ManifestReader.listing("keys", known))
  }

  mutating func fail(_ message: String, at offset: Int, _ suggestion: String? = nil) {
    findings.add(.error, at: source.location(of: offset), message, suggestion: suggestion)
  }
}
