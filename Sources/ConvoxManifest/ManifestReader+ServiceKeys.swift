import DrydockBase

/// The keys of a service that are of no matter here: looked at as Convox's parser does, so that what it refuses is refused
/// before a deploy does it.
extension ManifestReader {
  mutating func checkKeys(of service: String, _ pairs: [YAMLNode.Pair]) {
    let owner = "service \(service)"
    for name in ["init", "internal", "internalAndExternal", "privileged", "singleton", "sticky"] {
      boolean(value(name, pairs))
    }
    _ = integer(value("drain", pairs))
    _ = strings(value("policies", pairs))
    _ = string(value("test", pairs))
    checkStringMap(value("tags", pairs))
    if let deployment = value("deployment", pairs) {
      let known = ["maximum", "minimum"]
      let fields = fields(
        deployment, type: "manifest.ServiceDeployment", known: known, in: "deployment of \(owner)")
      for name in known { _ = integer(value(name, fields ?? [])) }
    }
    if let termination = value("termination", pairs) {
      let fields = fields(
        termination, type: "manifest.ServiceTermination", known: ["grace"], in: "termination of \(owner)")
      _ = integer(value("grace", fields ?? []))
    }
    let hasAgent = agent(value("agent", pairs), in: owner)
    checkDomains(value("domain", pairs))
    checkListeners(value("nlb", pairs), of: service, hasAgent: hasAgent)
  }

  /// Whether it runs once a host.
  private mutating func agent(_ node: YAMLNode?, in owner: String) -> Bool {
    guard let node, !node.isNull else { return false }
    switch node.content {
    case .scalar(let scalar):
      if case .boolean(let value) = scalar.resolved { return value }
      fail("could not parse agent: \(scalar.resolved.text)", at: node.offset, "write agent: true")
      return false
    case .sequence:
      fail("could not parse agent: \(goType(node))", at: node.offset, "write agent: true")
      return false
    case .mapping(let pairs):
      warnUnknown(pairs, known: ["enabled", "ports"], in: "agent of \(owner)")
      if case .sequence(let items)? = value("ports", pairs)?.content {
        for item in items where !item.isNull { checkAgentPort(item) }
      }
      return true
    }
  }

  private mutating func checkAgentPort(_ node: YAMLNode) {
    switch node.scalar?.resolved {
    case .integer?: return
    case .string(let text)?:
      _ = atoi(text.splitExactly(at: "/", omittingEmpty: false).first ?? "", at: node.offset)
    default: fail("invalid port: \(goType(node))", at: node.offset, "write 3000 or 3000/udp")
    }
  }

  private mutating func checkDomains(_ node: YAMLNode?) {
    guard let node, !node.isNull else { return }
    let remedy = "write a name, names with commas between, or a list of them"
    switch node.content {
    case .sequence(let items):
      for item in items {
        guard case .string? = item.scalar?.resolved else {
          let unset = item.scalar.flatMap { explain($0) }.map { "\($0) is not set in the app env" }
          fail("unknown type for service domain: \(goType(item))", at: item.offset, unset ?? "quote it")
          continue
        }
      }
    case .scalar(let scalar):
      if case .string = scalar.resolved { return }
      fail("unknown type for service domain: \(goType(node))", at: node.offset, remedy)
    case .mapping: fail("unknown type for service domain: \(goType(node))", at: node.offset, remedy)
    }
  }

  /// `health:` with the parser's defaults.
  mutating func health(_ node: YAMLNode?, of service: String) -> ServiceHealth {
    var health = ServiceHealth()
    var (grace, timeout): (Int?, Int?)
    let owner = "health of service \(service)"
    switch node?.content {
    case nil: break
    case _ where node?.isNull == true: break
    case .mapping(let pairs)?:
      warnUnknown(
        pairs, known: ["grace", "interval", "path", "timeout"], in: owner, v3: ["disable", "port"])
      grace = integerOrIgnored("grace", pairs, in: owner)
      timeout = integerOrIgnored("timeout", pairs, in: owner)
      if let interval = integerOrIgnored("interval", pairs, in: owner), interval != 0 {
        health.interval = interval
      }
      if let path = value("path", pairs), !path.isNull {
        if case .string(let text)? = path.scalar?.resolved {
          if !text.isEmpty { health.path = text }
        } else {
          warn("Convox ignores path in \(owner): it takes a text there", at: path.offset, "quote it")
        }
      }
    case .scalar(let scalar)?:
      if case .string(let text) = scalar.resolved {
        if !text.isEmpty { health.path = text }
        break
      }
      fail(
        "unknown type for service health: \(scalar.resolved.goType)", at: scalar.offset,
        "write a path, or a map of path, grace, interval and timeout")
    case .sequence?:
      fail("unknown type for service health: []interface {}", at: node?.offset ?? 0, "write a path or a map")
    }
    health.grace = grace.flatMap { $0 == 0 ? nil : $0 } ?? health.interval
    health.timeout = timeout.flatMap { $0 == 0 ? nil : $0 } ?? health.interval - 1
    return health
  }
}
