/// The port at which a service listens, and what is spoken there: `port:`.
package struct ServicePort: Sendable, Hashable {
  /// What a balancer speaks with the service. AWS takes all but tcp.
  package enum Scheme: String, Sendable, Hashable, CaseIterable {
    case http, https, grpc
    /// grpc over TLS.
    case secureGRPC = "secure-grpc"
    /// Bytes of any kind; drydock takes every scheme for it that it does not know.
    case tcp

    /// Whether the service itself speaks TLS there.
    package var isEncrypted: Bool { self == .https || self == .secureGRPC }
    /// Whether HTTP/1.1 is spoken there.
    package var isHTTP: Bool { self == .http || self == .https }
  }

  /// 1 to 65535.
  package var number: Int
  /// What is spoken; http where nothing is written.
  package var scheme: Scheme
  /// As the file has it: `3000`, `https:3000`.
  package var text: String

  /// A port.
  package init(_ number: Int, _ scheme: Scheme = .http, text: String? = nil) {
    self.number = number
    self.scheme = scheme
    self.text = text ?? (scheme == .http ? "\(number)" : "\(scheme.rawValue):\(number)")
  }
}

/// A port of a network load balancer: an item of `nlb:`.
package struct NetworkListener: Sendable, Hashable {
  /// The balancer's port.
  package var port: Int
  /// The port at which the service listens.
  package var containerPort: Int
  /// Whether the balancer takes TLS there, and gives the service what it carries.
  package var isEncrypted: Bool

  /// A port.
  package init(port: Int, containerPort: Int, isEncrypted: Bool = false) {
    self.port = port
    self.containerPort = containerPort
    self.isEncrypted = isEncrypted
  }
}

/// A port without a balancer: of an agent on its host, or v3's `ports:` within a cluster.
package struct TransportPort: Sendable, Hashable {
  /// Who carries its bytes.
  package enum Transport: String, Sendable, Hashable {
    case tcp, udp
  }

  /// 1 to 65535.
  package var number: Int
  /// TCP where nothing is written.
  package var transport: Transport

  /// A port.
  package init(_ number: Int, _ transport: Transport = .tcp) {
    self.number = number
    self.transport = transport
  }

  /// As it is written: `9090`, `8125/udp`.
  package var text: String { transport == .tcp ? "\(number)" : "\(number)/\(transport.rawValue)" }
}
