import DrydockBase

/// `scale:`.
extension ManifestReader {
  private static let scaleKeys = ["cooldown", "count", "cpu", "memory", "targets"]
  private static let v3ScaleKeys = ["autoscale", "gpu", "keda", "limit", "max", "min", "vpa"]

  /// What a service scales to, with the parser's defaults.
  mutating func scaling(_ node: YAMLNode?, of service: String) -> ServiceScaling {
    let scaling = parsedScaling(node, of: service)
    // What ECS says to it. Convox's first generation took -1 for "never deployed".
    if let node, scaling.count.min < 0 || scaling.count.max < 0 {
      failAtDeploy(
        "Task count can not be lesser than 0", at: node.offset,
        "write 0 for a service that is not to run, as for one that timers use")
    }
    return scaling
  }

  private mutating func parsedScaling(_ node: YAMLNode?, of service: String) -> ServiceScaling {
    guard let node, !node.isNull else { return ServiceScaling() }
    switch node.content {
    case .mapping(let pairs): return scaling(pairs, of: service)
    case .scalar(let scalar):
      switch scalar.resolved {
      case .integer, .string:
        return ServiceScaling(count: scaleCount(node) ?? .init(1))
      case .null, .boolean, .float: break
      }
    case .sequence: break
    }
    fail("unknown type for service scale: \(goType(node))", at: node.offset, "write 2 or 1-5")
    return ServiceScaling()
  }

  private mutating func scaling(_ pairs: [YAMLNode.Pair], of service: String) -> ServiceScaling {
    let owner = "scale of service \(service)"
    warnUnknown(pairs, known: ManifestReader.scaleKeys, in: owner, v3: ManifestReader.v3ScaleKeys)
    var scaling = ServiceScaling()
    if let count = value("count", pairs), !count.isNull { scaling.count = scaleCount(count) ?? .init(1) }
    if let cooldown = value("cooldown", pairs), !cooldown.isNull {
      scaling.cooldown = self.cooldown(cooldown, in: owner)
    }
    if let cpu = integerOrIgnored("cpu", pairs, in: owner), cpu != 0 { scaling.cpu = cpu }
    if let memory = integerOrIgnored("memory", pairs, in: owner), memory != 0 {
      scaling.memory = memory
      scaling.isMemoryWritten = true
    }
    checkTargets(value("targets", pairs), in: owner)
    return scaling
  }

  private mutating func scaleCount(_ node: YAMLNode) -> ServiceScaling.Count? {
    switch node.content {
    case .scalar(let scalar):
      switch scalar.resolved {
      case .integer(let digits): if let number = Int(digits) { return .init(number) }
      case .string(let text): return scaleCount(text, at: node.offset)
      case .null, .boolean, .float: break
      }
    case .mapping(let pairs):
      warnUnknown(pairs, known: ["max", "min"], in: "scale.count")
      let bounds = ["min", "max"].map { name in
        value(name, pairs).flatMap { $0.isNull ? nil : count($0, "scale") } ?? 0
      }
      return .init(min: bounds[0], max: bounds[1])
    case .sequence: break
    }
    fail("invalid scale: \(node.scalar?.resolved.text ?? goType(node))", at: node.offset, "write 2 or 1-5")
    return nil
  }

  private mutating func scaleCount(_ text: String, at offset: Int) -> ServiceScaling.Count? {
    let parts = text.splitExactly(at: "-", omittingEmpty: false)
    guard parts.count <= 2, !parts.contains("") else {
      fail("invalid scale: \(text)", at: offset, "write 2 or 1-5")
      return nil
    }
    let bounds = parts.compactMap { atoi($0, at: offset) }
    guard bounds.count == parts.count, let least = bounds.first, let most = bounds.last else { return nil }
    return .init(min: least, max: most)
  }

  private mutating func cooldown(_ node: YAMLNode, in owner: String) -> ServiceScaling.Cooldown {
    guard case .mapping(let pairs) = node.content else {
      let seconds = count(node, "cooldown") ?? 0
      return .init(down: seconds, up: seconds)
    }
    warnUnknown(pairs, known: ["down", "up"], in: "cooldown in \(owner)")
    let seconds = ["down", "up"].map { name in
      value(name, pairs).flatMap { $0.isNull ? nil : count($0, "cooldown") } ?? 0
    }
    return .init(down: seconds[0], up: seconds[1])
  }

  private mutating func checkTargets(_ node: YAMLNode?, in owner: String) {
    let known = ["cpu", "custom", "memory", "requests"]
    let targets = fields(
      node, type: "manifest.ServiceScaleTargets", known: known, v3: ["external"], in: "targets in \(owner)")
    guard let targets else { return }
    for name in ["cpu", "memory", "requests"] { _ = integer(value(name, targets)) }
    for metric in pairs(value("custom", targets), type: "map[string]manifest.ServiceScaleMetric") ?? [] {
      let fields = fields(
        metric.value, type: "manifest.ServiceScaleMetric",
        known: ["aggregate", "dimensions", "name", "namespace", "value"],
        in: "custom target \(metric.key.text)")
      guard let fields else { continue }
      for name in ["aggregate", "name", "namespace"] { _ = string(value(name, fields)) }
      checkStringMap(value("dimensions", fields))
      checkNumber(value("value", fields))
    }
  }
}
