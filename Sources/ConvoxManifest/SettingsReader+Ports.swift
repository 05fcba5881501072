import DrydockBase

/// `ports:` of drydock.yml: `web: 3000`, or `web: {3000: 8080, 9090: 9090}`, by the port that the service listens at.
extension SettingsReader {
  mutating func readPorts(_ node: YAMLNode) {
    var owners: [Int: String] = [:]
    for pair in pairs(node, "ports is") {
      guard let service = service(pair.key) else { continue }
      if case .mapping(let own) = pair.value.content {
        for one in own { readPort(one, of: service, &owners) }
      } else {
        readPort(pair, of: service, &owners)
      }
    }
  }

  private mutating func readPort(_ pair: YAMLNode.Pair, of service: Service, _ owners: inout [Int: String]) {
    guard let port = port(pair.value, "ports.\(service.name)") else { return }
    if let owner = owners[port] {
      fail("ports.\(owner) and ports.\(service.name) are both \(port)", at: pair.value.offset)
    }
    owners[port] = service.name
    if pair.key.text != service.name, let number = Int(pair.key.text) {
      readFurther(number, port, of: service, pair)
    } else if pair.key.text != service.name {
      fail("\(pair.key.text) is no port of service \(service.name)", at: pair.key.offset, Self.known(service))
    } else if service.port == nil {
      fail(
        "service \(service.name) has no port: in convox.yml, so that there is nothing to reach",
        at: pair.key.offset, Self.known(service))
    } else {
      settings.ports[service.name] = port
    }
  }

  private mutating func readFurther(_ number: Int, _ port: Int, of service: Service, _ pair: YAMLNode.Pair) {
    if number == service.port?.number {
      settings.ports[service.name] = port
    } else if service.furtherPorts.contains(number) {
      settings.furtherPorts[service.name, default: [:]][number] = port
    } else {
      fail("\(number) is no port of service \(service.name)", at: pair.key.offset, Self.known(service))
    }
  }

  private mutating func port(_ node: YAMLNode, _ name: String) -> Int? {
    guard case .integer(let digits)? = node.scalar?.resolved, let port = Int(digits),
      (1...65535).contains(port)
    else {
      fail("\(name) is no port", at: node.offset, "write a number from 1 to 65535")
      return nil
    }
    return port
  }

  /// What may be written, for somebody who wrote something else.
  private static func known(_ service: Service) -> String? {
    let all = [service.port?.number].compactMap(\.self) + service.furtherPorts
    guard !all.isEmpty else { return nil }
    return
      "its ports: \(all.map(String.init).joined(separator: ", ")); write \(service.name): {\(all[0]): 8080}"
  }
}
