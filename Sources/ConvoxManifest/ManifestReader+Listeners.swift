import DrydockBase
import Essentials

/// `nlb:`: ports of a network load balancer, by the parser's own rules.
extension ManifestReader {
  private static let listenerKeys = [
    "allow_cidr", "certificate", "containerPort", "cross_zone", "port", "preserve_client_ip", "protocol",
    "scheme",
  ]

  /// One port, with the parser's defaults.
  private struct Listener {
    var port: Int
    var containerPort: Int
    var proto: String
    var scheme: String
    var certificate: String
    var networks: [(text: String, offset: Int)]
    var offset: Int
  }

  mutating func listeners(_ node: YAMLNode?, of service: String, hasAgent: Bool) -> [NetworkListener] {
    guard let node, !node.isNull else { return [] }
    guard case .sequence(let items) = node.content else {
      fail(cannotUnmarshal(node, into: "[]manifest.ServiceNLBPort"), at: node.offset, "write a list")
      return []
    }
    var found: [NetworkListener] = []
    if hasAgent, !items.isEmpty {
      fail("service \(service): agent mode is incompatible with nlb ports", at: node.offset)
    }
    var ports: [Int: Int] = [:]
    var containerPorts: Set<Int> = []
    for item in items {
      guard let listener = listener(item, of: service) else { continue }
      check(listener, of: service)
      if let other = ports[listener.port] {
        fail(
          other == listener.containerPort
            ? "service \(service): duplicate nlb port \(listener.port)"
            : "service \(service): nlb port \(listener.port) declared with conflicting containerPort values",
          at: listener.offset)
      } else if containerPorts.contains(listener.containerPort) {
        fail(
          "service \(service): nlb containerPort \(listener.containerPort) used by multiple nlb listeners",
          at: listener.offset)
      } else if let owner = listenerOwners[listener.port], owner != service {
        fail(
          "nlb port \(listener.port) declared by services \(owner) and \(service); rack NLB listener is shared, "
            + "each port must be unique across services", at: listener.offset)
      }
      listenerOwners[listener.port] = service
      ports[listener.port] = listener.containerPort
      containerPorts.insert(listener.containerPort)
      found.append(
        NetworkListener(
          port: listener.port, containerPort: listener.containerPort, isEncrypted: listener.proto == "tls"))
    }
    return found
  }

  private mutating func listener(_ node: YAMLNode, of service: String) -> Listener? {
    let fields = fields(
      node, type: "manifest.ServiceNLBPort", known: ManifestReader.listenerKeys,
      in: "nlb of service \(service)")
    guard let fields else { return nil }
    let before = findings.count(.error)
    let port = integer(value("port", fields)) ?? 0
    let containerPort = integer(value("containerPort", fields)) ?? 0
    boolean(value("cross_zone", fields))
    boolean(value("preserve_client_ip", fields))
    let listener = Listener(
      port: port, containerPort: containerPort == 0 ? port : containerPort,
      proto: word(value("protocol", fields)) ?? "tcp", scheme: word(value("scheme", fields)) ?? "public",
      certificate: string(value("certificate", fields)) ?? "", networks: strings(value("allow_cidr", fields)),
      offset: node.offset)
    return findings.count(.error) == before ? listener : nil
  }

  /// A word in small letters; nil for a blank one.
  private mutating func word(_ node: YAMLNode?) -> String? {
    guard let text = string(node)?.trimmed().lowercased(), !text.isEmpty else { return nil }
    return text
  }

  private mutating func check(_ listener: Listener, of service: String) {
    let place = "service \(service) nlb port \(listener.port)"
    if !(1...65535).contains(listener.port) {
      return fail("service \(service): nlb port \(listener.port) out of range", at: listener.offset)
    }
    if !(1...65535).contains(listener.containerPort) {
      return fail(
        "service \(service): nlb containerPort \(listener.containerPort) out of range", at: listener.offset)
    }
    if !["tcp", "tls"].contains(listener.proto) {
      fail("\(place): protocol must be tcp or tls, got \"\(listener.proto)\"", at: listener.offset)
    } else if listener.proto == "tls", listener.certificate.isEmpty {
      fail(
        "\(place): protocol tls requires a certificate (provide an ACM ARN; run 'convox certs list' to see "
          + "available ARNs)", at: listener.offset)
    } else if listener.proto != "tls", !listener.certificate.isEmpty {
      fail("\(place): certificate is only valid with protocol: tls", at: listener.offset)
    } else if !listener.certificate.isEmpty, !ManifestReader.isCertificate(listener.certificate) {
      fail(
        "\(place): certificate must be a full ACM or IAM server-certificate ARN, got \"\(listener.certificate)\" "
          + "(run 'convox certs list' to see available ARNs)", at: listener.offset)
    }
    if !["public", "internal"].contains(listener.scheme) {
      fail("\(place): scheme must be public or internal, got \"\(listener.scheme)\"", at: listener.offset)
    }
    checkNetworks(listener.networks, place)
  }

  private static func isCertificate(_ name: String) -> Bool {
    name.wholeMatch(of: /arn:aws[-a-z]*:acm:[a-z0-9-]+:[0-9]{12}:certificate\/[a-zA-Z0-9-]+/) != nil
      || name.wholeMatch(of: /arn:aws[-a-z]*:iam::[0-9]{12}:server-certificate\/.+/) != nil
  }

  private mutating func checkNetworks(_ networks: [(text: String, offset: Int)], _ place: String) {
    var seen: Set<String> = []
    for (text, offset) in networks {
      guard let canonical = ManifestReader.canonicalNetwork(text) else {
        fail(
          "\(place): allow_cidr entry \"\(text)\" is not a valid IPv4 CIDR (e.g. 10.0.0.0/16)", at: offset)
        continue
      }
      if canonical != text {
        fail(
          "\(place): allow_cidr entry \"\(text)\" is not canonical; use \"\(canonical)\" instead", at: offset)
      } else if !seen.insert(text).inserted {
        fail("\(place): allow_cidr contains duplicate entry: \(text)", at: offset)
      }
    }
  }

  /// An IPv4 network without the bits of a host; nil for what is none.
  static func canonicalNetwork(_ text: String) -> String? {
    let parts = text.splitExactly(at: "/", omittingEmpty: false)
    guard parts.count == 2, let length = number(parts[1], upTo: 32) else { return nil }
    let bytes = parts[0].splitExactly(at: ".", omittingEmpty: false).map { number($0, upTo: 255) }
    guard bytes.count == 4, bytes.allSatisfy({ $0 != nil }) else { return nil }
    let address = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1 ?? 0) }
    let network = length == 0 ? 0 : address & (UInt32.max << UInt32(32 - length))
    return [24, 16, 8, 0].map { "\(network >> $0 & 255)" }.joined(separator: ".") + "/\(length)"
  }

  /// A decimal number without a leading zero, as Go's net package reads it.
  private static func number(_ text: String, upTo limit: Int) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      text == "0" || !text.hasPrefix("0"), let number = Int(text), number <= limit
    else { return nil }
    return number
  }
}
