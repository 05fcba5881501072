/// `options:` of a resource, by the rules of its type.
extension ManifestReader {
  mutating func options(
    _ node: YAMLNode?, of type: ResourceType, declaredAs declared: String
  ) -> [ResourceOption] {
    (pairs(node, type: "map[string]string") ?? []).compactMap { option($0, of: type, declared) }
  }

  private mutating func option(
    _ pair: YAMLNode.Pair, of type: ResourceType, _ declared: String
  ) -> ResourceOption? {
    let name = pair.key.text
    guard let rule = type.option(name) else {
      refuseUnknown(pair, of: type, declared)
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
    guard let usable = checked(value, scalar, rule) else { return nil }
    return ResourceOption(name: name, value: usable, location: source.location(of: pair.value.offset))
  }

  /// AWS takes no option that the resource's template does not have; here it has no effect.
  private mutating func refuseUnknown(_ pair: YAMLNode.Pair, of type: ResourceType, _ declared: String) {
    let name = pair.key.text
    if pair.value.scalar == nil, !pair.value.isNull {
      return fail(cannotUnmarshal(pair.value, into: "string"), at: pair.value.offset)
    }
    let names = type.options.map(\.name)
    // A v2 rack does not know the type, and a v3 rack passes over what it does not know.
    if declared != type.name {
      return type.v3Options.contains(name)
        ? warn("option \(name) of \(declared) is for v3 racks: it has no effect here", at: pair.key.offset)
        : warn(
          "unknown option \(name) for \(declared): a v3 rack ignores it", at: pair.key.offset,
          findings.didYouMean(.warning, name, in: names + type.v3Options))
    }
    failAtDeploy(
      "unknown option \(name) for \(type.name): AWS rejects it at deploy", at: pair.key.offset,
      refusals.didYouMean(.error, name, in: names) ?? ManifestReader.listing("options", names))
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

  /// Says what AWS refuses, and where YAML made another value of the text.
  /// - Returns: The value to go on with; nil for that of an option that is not set.
  private mutating func checked(_ value: String, _ scalar: YAMLScalar, _ rule: OptionRule) -> String? {
    let isChanged = scalar.isPlain && value != scalar.text && scalar.resolved.text != scalar.text
    let quoted = "quote it: \(rule.name): \"\(scalar.text)\""
    let verdict = rule.verdict(on: value)
    switch verdict {
    case .fine:
      if isChanged {
        warn(
          "\(rule.name): \(scalar.text) reaches AWS as \(value)", at: scalar.offset,
          rule.takesPlainValues ? "write \(rule.name): \(value)" : quoted)
      }
      return value
    case .unknown(let problem):
      warn("\(rule.name) \(problem): `\(value)` is not known here, and AWS may refuse it", at: scalar.offset)
      return value
    case .refused(let problem), .unreadable(let problem):
      let unset = explain(scalar).map { "\($0) is not set in the app env" }
      failAtDeploy(
        "\(rule.name) \(problem), not `\(value)`", at: scalar.offset, unset ?? (isChanged ? quoted : nil))
      if case .refused = verdict { return value }
      return rule.valueIfUnreadable
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
