/// `options:` of a resource, by the rules of its type.
extension ManifestReader {
  mutating func options(_ node: YAMLNode?, of type: ResourceType) -> [ResourceOption] {
    (pairs(node, type: "map[string]string") ?? []).compactMap { option($0, of: type) }
  }

  private mutating func option(_ pair: YAMLNode.Pair, of type: ResourceType) -> ResourceOption? {
    let name = pair.key.text
    guard let rule = type.option(name) else {
      let names = type.options.map(\.name)
      fail(
        "unknown option \(name) for \(type.name): AWS rejects it at deploy", at: pair.key.offset,
        findings.didYouMean(.error, name, in: names) ?? ManifestReader.listing("options", names))
      return nil
    }
    guard let scalar = pair.value.scalar else {
      fail(cannotUnmarshal(pair.value, into: "string"), at: pair.value.offset)
      return nil
    }
    var value = scalar.resolved.text
    guard !value.isEmpty else {
      warnEmpty(scalar, rule)
      return nil
    }
    if rule.kind == .version, type.appendsMinorVersion, !value.contains(".") { value += ".0" }
    check(value, scalar, rule)
    return ResourceOption(name: name, value: value, location: source.location(of: pair.value.offset))
  }

  private mutating func warnEmpty(_ scalar: YAMLScalar, _ rule: OptionRule) {
    // What stays deployed is not known here, so that the default may not be what applies.
    let fallback = "it counts as not set" + (rule.defaultValue.map { " (default \($0))" } ?? "")
    if let unset = source.unset(in: scalar).first, let variable = explain(scalar) {
      findings.add(
        .warning, at: source.location(ofSource: unset.source.lowerBound),
        "\(rule.name) is empty because \(variable) is not set in the app env; \(fallback)",
        suggestion: "set \(unset.name) in the app env")
    } else {
      warn("\(rule.name) is empty; \(fallback)", at: scalar.offset, "give it a value or remove it")
    }
  }

  /// Refuses a value that the option does not take, and says where YAML made another value of the text.
  private mutating func check(_ value: String, _ scalar: YAMLScalar, _ rule: OptionRule) {
    let isChanged = scalar.isPlain && value != scalar.text && scalar.resolved.text != scalar.text
    let quoted = "quote it: \(rule.name): \"\(scalar.text)\""
    if let problem = rule.problem(with: value) {
      let unset = explain(scalar).map { "\($0) is not set in the app env" }
      let suggestion = unset ?? (isChanged ? quoted : nil)
      fail("\(rule.name) \(problem), not `\(value)`", at: scalar.offset, suggestion)
    } else if isChanged {
      let isWord = rule.takesPlainValues
      warn(
        "\(rule.name): \(scalar.text) reaches AWS as \(value)", at: scalar.offset,
        isWord ? "write \(rule.name): \(value)" : quoted)
    }
  }
}

extension OptionRule {
  /// Whether quoting would not help, since it takes what YAML makes of the text.
  fileprivate var takesPlainValues: Bool {
    switch kind {
    case .boolean, .integer: true
    case .version, .instanceClass, .backupWindow, .permissions, .path, .resourceReference, .choice, .text:
      false
    }
  }
}
