import DrydockBase

/// `port:` and the ports that no balancer reaches.
extension ManifestReader {
  private static let portRemedy = "write 3000 or https:3000"

  mutating func port(_ node: YAMLNode?, of service: String) -> ServicePort? {
    guard let node, !node.isNull else { return nil }
    switch node.content {
    case .scalar(let scalar):
      if case .float = scalar.resolved {
        fail("invalid port: float64", at: node.offset, ManifestReader.portRemedy)
        return nil
      }
      guard let (number, scheme) = parts(of: scalar.resolved.text) else {
        fail("invalid port: \(scalar.resolved.text)", at: node.offset, ManifestReader.portRemedy)
        return nil
      }
      return port(number, scheme, of: service, at: node.offset)
    case .mapping(let pairs):
      warnUnknown(pairs, known: ["port", "scheme"], in: "port of service \(service)")
      let scheme = string(value("scheme", pairs))
      guard let text = string(value("port", pairs)), let (number, own) = parts(of: text), number != 0 else {
        fail("could not parse port", at: node.offset, "write port: with a number")
        return nil
      }
      return port(number, scheme ?? own, of: service, at: node.offset)
    case .sequence:
      fail("invalid port: \(goType(node))", at: node.offset, ManifestReader.portRemedy)
      return nil
    }
  }

  /// `3000` or `https:3000`; what stands behind a second colon is lost in Convox too.
  private func parts(of text: String) -> (number: Int, scheme: String?)? {
    let parts = text.splitExactly(at: ":", omittingEmpty: false)
    guard let number = Int(parts.prefix(2).last ?? "") else { return nil }
    return (number, parts.count > 1 ? parts[0] : nil)
  }

  /// The port as AWS takes it; nil for 0, which is none, and for one that AWS refuses.
  private mutating func port(
    _ number: Int, _ scheme: String?, of service: String, at offset: Int
  ) -> ServicePort? {
    guard number != 0 else { return nil }
    guard (1...65535).contains(number) else {
      failAtDeploy("port \(number) of service \(service) is out of range", at: offset, "ports: 1 to 65535")
      return nil
    }
    guard let written = scheme, !written.isEmpty else { return ServicePort(number, text: "\(number)") }
    let known = ServicePort.Scheme(rawValue: written.lowercased())
    let words = ServicePort.Scheme.allCases.map(\.rawValue)
    switch known {
    case .http?, .https?, .grpc?, .secureGRPC?: break
    case .tcp?:
      warn(
        "`\(written)` is no scheme of AWS's balancer, which takes http, https, grpc and secure-grpc",
        at: offset)
    case nil:
      warn(
        "no balancer knows the scheme `\(written)`; drydock passes its bytes on as they are", at: offset,
        findings.didYouMean(.warning, written, in: words) ?? "schemes: \(words.joined(separator: ", "))")
    }
    return ServicePort(number, known ?? .tcp, text: "\(written):\(number)")
  }

  /// v3's `ports:`.
  mutating func transportPorts(_ node: YAMLNode?, of service: String) -> [TransportPort] {
    guard let node, !node.isNull else { return [] }
    guard case .sequence(let items) = node.content else {
      fail(
        cannotUnmarshal(node, into: "[]manifest.ServicePortProtocol"), at: node.offset, "write a list: [9090]"
      )
      return []
    }
    return items.filter { !$0.isNull }.compactMap { transportPort($0) }
  }

  /// `8125` or `8125/udp`.
  mutating func transportPort(_ node: YAMLNode) -> TransportPort? {
    var number: Int?
    var transport = TransportPort.Transport.tcp
    switch node.scalar?.resolved {
    case .integer(let digits)?: number = Int(digits) ?? 0
    case .string(let text)?:
      let parts = text.splitExactly(at: "/", omittingEmpty: false)
      number = atoi(parts.first ?? "", at: node.offset)
      guard number != nil else { return nil }
      let word = parts.count > 1 ? parts[1] : "tcp"
      guard let known = TransportPort.Transport(rawValue: word.lowercased()) else {
        failAtDeploy("port \(text): neither tcp nor udp", at: node.offset, "write 8125/udp")
        return nil
      }
      transport = known
    default: fail("invalid port: \(goType(node))", at: node.offset, "write 3000 or 3000/udp")
    }
    guard let number else { return nil }
    guard (1...65535).contains(number) else {
      failAtDeploy("port \(number) is out of range", at: node.offset, "ports: 1 to 65535")
      return nil
    }
    return TransportPort(number, transport)
  }
}
