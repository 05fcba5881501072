import DrydockBase
import Essentials

/// `services:` and `timers:`.
extension ManifestReader {
  private static let serviceKeys = [
    "agent", "build", "command", "deployment", "domain", "drain", "environment", "health", "image", "init",
    "internal", "internalAndExternal", "links", "nlb", "policies", "port", "privileged", "resources", "scale",
    "singleton", "sticky", "tags", "termination", "test", "volumes",
  ]
  private static let v3ServiceKeys = [
    "accessControl", "annotations", "certificate", "configMounts", "dnsConfig", "grpcHealthEnabled",
    "imagePullSecrets", "ingressAnnotations", "initContainer", "internalRouter", "labels", "lifecycle",
    "liveness", "nodeAffinityLabels", "nodeSelectorLabels", "ports", "readiness", "securityContext",
    "serviceAccount", "startupProbe", "timeout", "tls", "volumeOptions", "whitelist",
  ]

  /// The most variables that all services may declare, the app-wide ones counted for each: every service
  /// has a copy of those, so that a small file could fill the memory.
  private static let declarationLimit = 200_000

  mutating func readServices(_ node: YAMLNode?) {
    var declarations = 0
    for pair in pairs(node, type: "yaml.MapSlice") ?? [] {
      guard let name = name(pair.key) else { continue }
      declarations += manifest.environment.count
      guard declarations <= ManifestReader.declarationLimit else {
        fail("services declare more than \(ManifestReader.declarationLimit) variables", at: pair.key.offset)
        return
      }
      noteHidden(service: name, pair.value, at: pair.key.offset)
      if !ManifestReader.isName(name, []) {
        fail(
          "service name \(name) invalid, must contain only lowercase alphanumeric and dashes",
          at: pair.key.offset)
      }
      if let service = service(name, pair) { manifest.services.append(service) }
    }
  }

  private mutating func service(_ name: String, _ pair: YAMLNode.Pair) -> Service? {
    guard let pairs = pairs(pair.value, type: "manifest.Service") else { return nil }
    warnUnknown(
      pairs, known: ManifestReader.serviceKeys, in: "service \(name)", v3: ManifestReader.v3ServiceKeys)
    let own = readEnvironment(value("environment", pairs), of: name)
    let build = build(value("build", pairs), of: name)
    let command = command(value("command", pairs))
    var service = Service(
      name: name, environment: manifest.environment + own,
      resources: links(value("resources", pairs), of: name),
      volumes: placed(strings(value("volumes", pairs))) { .volume(service: name, $0) },
      links: placed(strings(value("links", pairs))) { .serviceLink(service: name, $0) },
      image: string(value("image", pairs)), command: command.text, argv: command.argv,
      port: port(value("port", pairs), of: name), build: build.path, scale: scale(value("scale", pairs)),
      location: source.location(of: pair.key.offset))
    func note(_ place: ManifestPlace, _ key: String) {
      manifest.places[place] = value(key, pairs).map { source.location(of: $0.offset) }
    }
    note(.build(service: name), "build")
    note(.health(service: name), "health")
    note(.domain(service: name), "domain")
    service.built = build.all(hasImage: service.image?.isEmpty == false)
    service.scaling = scaling(value("scale", pairs), of: name)
    service.health = health(value("health", pairs), of: name)
    readKeys(of: &service, pairs)
    return service
  }

  /// Texts without their places, which are kept aside for findings.
  private mutating func placed(
    _ items: [(text: String, offset: Int)], _ place: (Int) -> ManifestPlace
  ) -> [String] {
    for (index, item) in items.enumerated() {
      manifest.places[place(index)] = source.location(of: item.offset)
    }
    return items.map(\.text)
  }

  private mutating func links(_ node: YAMLNode?, of service: String) -> [ResourceLink] {
    var links: [ResourceLink] = []
    var owners: [String: ResourceLink] = [:]
    for item in strings(node) {
      guard let link = link(item.text, at: item.offset, of: service) else { continue }
      let taken = link.variableNames.first { owners[$0].map { $0.resource != link.resource } ?? false }
      if let taken, let owner = owners[taken] {
        fail(
          "service \(service): resources \(owner.resource) and \(link.resource) would both set \(taken)",
          at: item.offset, "link one of them by another name, as in \(link.resource):NAME_URL")
      }
      for name in link.variableNames { owners[name] = link }
      manifest.places[.link(service: service, links.count)] = source.location(of: item.offset)
      links.append(link)
    }
    return links
  }

  /// A link by the exact name, or v3's `name:ENVNAME`.
  private mutating func link(_ text: String, at offset: Int, of service: String) -> ResourceLink? {
    if resourcePositions[text] != nil { return ResourceLink(resource: text) }
    let parts = text.splitExactly(at: ":", maxSplits: 1, omittingEmpty: false)
    let variable = parts.count == 2 ? parts[1].trimmed() : ""
    // One that has an error of its own is there.
    if unreadableResources.contains(parts[0]) { return nil }
    guard resourcePositions[parts[0]] != nil, !variable.isEmpty else {
      let names = manifest.resources.lazy.map(\.name)
      warn(
        "service \(service) links \(text), but there is no such resource: Convox ignores the link",
        at: offset,
        findings.didYouMean(.warning, parts[0], in: names) ?? ManifestReader.listing("resources", names))
      return nil
    }
    warn(
      "`\(text)` is v3's form of a link, which sets \(variable) only; a v2 rack ignores the link", at: offset,
      "write \(parts[0]) for a v2 rack")
    return ResourceLink(resource: parts[0], variable: variable)
  }

  /// "resources: a, b", or nil where there are none.
  static func listing(_ title: String, _ names: some Collection<String>) -> String? {
    guard !names.isEmpty else { return nil }
    return "\(title): \(names.prefix(20).joined(separator: ", "))\(names.count > 20 ? ", …" : "")"
  }

  /// A text for a shell, or the words of a list, which are joined for those who show it.
  private mutating func command(_ node: YAMLNode?) -> (text: String?, argv: [String]?) {
    guard let node, !node.isNull else { return (nil, nil) }
    switch node.content {
    case .scalar(let scalar):
      if case .string(let text) = scalar.resolved { return (text, nil) }
      fail("unknown type for service command: \(goType(node))", at: node.offset, "quote it")
    case .sequence(let items):
      var words: [String] = []
      for item in items {
        if case .string(let text)? = item.scalar?.resolved {
          words.append(text)
        } else {
          fail("unknown type for service command: \(goType(item))", at: item.offset, "quote it")
        }
      }
      return words.isEmpty ? (nil, nil) : (words.joined(separator: " "), words)
    case .mapping:
      fail("unknown type for service command: \(goType(node))", at: node.offset)
    }
    return (nil, nil)
  }

  /// `build:` as it is written.
  private struct WrittenBuild {
    var path: String?
    var manifest: String?
    var args: [String] = []

    /// With the parser's defaults; nil for a service whose image is built elsewhere.
    func all(hasImage: Bool) -> ServiceBuild? {
      let path = path.flatMap { $0.isEmpty ? nil : $0 }
      guard path != nil || !hasImage else { return nil }
      let manifest = manifest.flatMap { $0.isEmpty ? nil : $0 }
      return ServiceBuild(path: path ?? ".", manifest: manifest ?? "Dockerfile", args: args)
    }
  }

  private mutating func build(_ node: YAMLNode?, of service: String) -> WrittenBuild {
    guard let node, !node.isNull else { return WrittenBuild() }
    if case .string(let text)? = node.scalar?.resolved { return WrittenBuild(path: text) }
    guard case .mapping(let pairs) = node.content else {
      fail("unknown type for service build: \(goType(node))", at: node.offset)
      return WrittenBuild()
    }
    warnUnknown(pairs, known: ["args", "manifest", "path"], in: "build of service \(service)")
    return WrittenBuild(
      path: string(value("path", pairs)), manifest: string(value("manifest", pairs)),
      args: strings(value("args", pairs)).map(\.text))
  }

  /// `scale:` as it is written, where it is a number or a range. What it means and what is wrong with it, `scaling` says.
  private func scale(_ node: YAMLNode?) -> String? {
    guard let node, !node.isNull else { return nil }
    if case .mapping(let pairs) = node.content { return value("count", pairs)?.scalar?.resolved.text }
    switch node.scalar?.resolved {
    case .integer(let text)?, .string(let text)?: return text
    default: return nil
    }
  }
}
