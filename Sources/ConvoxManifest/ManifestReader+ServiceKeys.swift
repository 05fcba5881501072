import DrydockBase
import Essentials

/// The keys of a service that say how it runs and how it is reached, looked at as Convox's parser does.
extension ManifestReader {
  /// Known to v2 or v3, and nothing that a machine of one's own has.
  static let keysOnlyOnAWS: Set<String> = [
    "accessControl", "annotations", "certificate", "configMounts", "deployment", "dnsConfig",
    "imagePullSecrets", "ingressAnnotations", "internal", "internalAndExternal", "internalRouter", "labels",
    "nodeAffinityLabels", "nodeSelectorLabels", "policies", "serviceAccount", "tags", "whitelist",
  ]

  mutating func readKeys(of service: inout Service, _ pairs: [YAMLNode.Pair]) {
    service.process = process(of: service.name, pairs)
    service.routing = routing(of: service.name, pairs)
    service.ports = transportPorts(value("ports", pairs), of: service.name)
    service.test = string(value("test", pairs))
    _ = strings(value("policies", pairs))
    checkStringMap(value("tags", pairs))
    service.listeners = listeners(
      value("nlb", pairs), of: service.name, hasAgent: service.process.agent != nil)
    service.onlyOnAWS = pairs.map(\.key.text).filter(ManifestReader.keysOnlyOnAWS.contains)
  }

  private mutating func process(of service: String, _ pairs: [YAMLNode.Pair]) -> ServiceProcess {
    var process = ServiceProcess()
    process.initProcess = boolean(value("init", pairs))
    process.isPrivileged = boolean(value("privileged", pairs)) ?? false
    process.isSingleton = boolean(value("singleton", pairs)) ?? false
    process.agent = agent(value("agent", pairs), in: "service \(service)")
    if let fields = group("deployment", pairs, "manifest.ServiceDeployment", ["maximum", "minimum"], service)
    {
      process.deployment = ServiceDeployment(
        minimum: integer(value("minimum", fields)), maximum: integer(value("maximum", fields)))
    }
    if let fields = group("termination", pairs, "manifest.ServiceTermination", ["grace"], service),
      let node = value("grace", fields), let grace = integer(node)
    {
      process.grace = max(0, grace)
      if grace < 0 {
        failAtDeploy("grace of termination of service \(service) is \(grace) seconds", at: node.offset)
      }
    }
    return process
  }

  private mutating func routing(of service: String, _ pairs: [YAMLNode.Pair]) -> ServiceRouting {
    var routing = ServiceRouting()
    routing.isInternalAndExternal = boolean(value("internalAndExternal", pairs)) ?? false
    routing.isInternal = boolean(value("internal", pairs)) ?? false || routing.isInternalAndExternal
    routing.isSticky = boolean(value("sticky", pairs)) ?? true
    routing.drain = seconds("drain", pairs, of: "service \(service)") ?? routing.drain
    routing.domains = domains(value("domain", pairs))
    routing.timeout = seconds("timeout", pairs, of: "service \(service)")
    if let fields = group("tls", pairs, "manifest.ServiceTls", ["redirect"], service) {
      routing.redirectsToTLS = boolean(value("redirect", fields)) ?? true
    }
    return routing
  }

  /// The pairs of a key whose value is a map of known keys; nil where it is not written, or wrong.
  private mutating func group(
    _ key: String, _ pairs: [YAMLNode.Pair], _ type: String, _ known: [String], _ service: String
  ) -> [YAMLNode.Pair]? {
    value(key, pairs).flatMap { fields($0, type: type, known: known, in: "\(key) of service \(service)") }
  }

  /// A time in seconds. Nothing and 0 are Convox's default; one below 0 is refused by AWS.
  private mutating func seconds(_ key: String, _ pairs: [YAMLNode.Pair], of owner: String) -> Int? {
    guard let node = value(key, pairs), let number = integer(node), number != 0 else { return nil }
    if number > 0 { return number }
    failAtDeploy("\(key) of \(owner) is \(number) seconds", at: node.offset, "write how many, from 1 on")
    return nil
  }

  /// How it runs once a host; nil for a service that does not.
  private mutating func agent(_ node: YAMLNode?, in owner: String) -> ServiceAgent? {
    guard let node, !node.isNull else { return nil }
    switch node.content {
    case .scalar(let scalar):
      if case .boolean(let value) = scalar.resolved { return value ? ServiceAgent() : nil }
      fail("could not parse agent: \(scalar.resolved.text)", at: node.offset, "write agent: true")
      return nil
    case .sequence:
      fail("could not parse agent: \(goType(node))", at: node.offset, "write agent: true")
      return nil
    case .mapping(let pairs):
      warnUnknown(pairs, known: ["enabled", "ports"], in: "agent of \(owner)")
      guard case .sequence(let items)? = value("ports", pairs)?.content else { return ServiceAgent() }
      return ServiceAgent(ports: items.filter { !$0.isNull }.compactMap { transportPort($0) })
    }
  }

  private mutating func domains(_ node: YAMLNode?) -> [String] {
    guard let node, !node.isNull else { return [] }
    let remedy = "write a name, names with commas between, or a list of them"
    var texts: [String] = []
    switch node.content {
    case .sequence(let items):
      for item in items {
        guard case .string(let text)? = item.scalar?.resolved else {
          let unset = item.scalar.flatMap { explain($0) }.map { "\($0) is not set in the app env" }
          fail("unknown type for service domain: \(goType(item))", at: item.offset, unset ?? "quote it")
          continue
        }
        texts.append(text)
      }
    case .scalar(let scalar):
      if case .string(let text) = scalar.resolved {
        texts = text.splitExactly(at: ",")
      } else {
        fail("unknown type for service domain: \(goType(node))", at: node.offset, remedy)
      }
    case .mapping: fail("unknown type for service domain: \(goType(node))", at: node.offset, remedy)
    }
    return texts.map { $0.trimmed() }.filter { !$0.isEmpty }
  }
}
