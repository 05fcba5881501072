import DrydockBase

/// Turns the YAML of a drydock.yml into settings. Nothing is passed over: what is not known is an error.
struct SettingsReader {
  let source: ManifestSource
  let manifest: Manifest
  var settings = DrydockSettings()
  var findings = Findings()

  init(source: ManifestSource, manifest: Manifest) {
    self.source = source
    self.manifest = manifest
  }

  private static let sections = ["hooks", "ports", "services", "tty", "watch"]

  mutating func read(_ document: YAMLDocument) throws(ManifestError) -> DrydockSettings {
    if let later = document.remarks.first(where: { $0.message == YAMLReader.laterDocument }) {
      fail("a second document begins here, and only one is read", at: later.offset, "remove it")
    }
    if let root = document.root, !root.isNull {
      for pair in pairs(root, "the file is") { readSection(pair) }
    }
    if findings.hasErrors { throw ManifestError(findings.sorted) }
    return settings
  }

  private mutating func readSection(_ pair: YAMLNode.Pair) {
    switch pair.key.text {
    case "hooks": readHooks(pair.value)
    case "ports": readPorts(pair.value)
    case "services": readKinds(pair.value)
    case "tty": readTerminals(pair.value)
    case "watch": readWatch(pair.value)
    default: refuseKey(pair.key, in: "drydock.yml", known: Self.sections)
    }
  }

  private mutating func readKinds(_ node: YAMLNode) {
    for pair in pairs(node, "services is") {
      guard let service = service(pair.key) else { continue }
      guard let kind = choice(pair.value, DrydockSettings.Kind.self, "services.\(service.name)") else {
        continue
      }
      settings.kinds[service.name] = kind
    }
  }

  /// A list of services, or a map of services to true or false.
  private mutating func readTerminals(_ node: YAMLNode) {
    guard case .mapping(let pairs) = node.content else {
      for item in items(node, "tty is", "write the services: tty: [web]") {
        guard let name = item.scalar.flatMap({ service($0)?.name }) else {
          if item.scalar == nil { fail("tty is a list of services", at: item.offset) }
          continue
        }
        settings.terminals.insert(name)
      }
      return
    }
    for pair in pairs {
      guard let name = service(pair.key)?.name else { continue }
      guard case .boolean(let isWanted)? = pair.value.scalar?.resolved else {
        fail("tty.\(name) is neither true nor false", at: pair.value.offset)
        continue
      }
      if isWanted { settings.terminals.insert(name) }
    }
  }
}
