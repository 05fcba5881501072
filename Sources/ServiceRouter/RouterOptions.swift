import DrydockBase
package import TransportSecurity

/// How a service's router behaves.
package struct RouterOptions: Sendable {
  /// What passes through it.
  package enum Mode: Sendable, Hashable {
    /// HTTP/1.1, and what it is upgraded to.
    case http
    /// Bytes, such as those of grpc.
    case tcp
  }

  /// A second port, at which TLS is spoken.
  package struct SecurePort: Sendable, Hashable {
    /// The port of 127.0.0.1; 0 for any that is free.
    package var port: Int
    /// The certificate that is shown there.
    package var identity: KeyedCertificate

    /// A port with its certificate.
    package init(port: Int, identity: KeyedCertificate) {
      self.port = port
      self.identity = identity
    }
  }

  /// The service's name, for the page that is shown while no replica can answer.
  package var service: String
  package var mode = Mode.http
  /// Where https is spoken besides, for `Mode.http`: whoever asks at the plain port is then sent there, as by AWS's balancer
  /// unless the manifest says otherwise; nil for nowhere.
  package var secure: SecurePort?
  /// Whether a browser stays with its replica, where there are several: Convox's `sticky`.
  package var isSticky = true
  /// How long a request waits for a replica.
  package var patience = Duration.seconds(10)
  /// How long requests go on being tried on replicas that refuse connections: it takes a moment until it is known that
  /// a process has ended.
  package var refusalPatience = Duration.seconds(1)
  /// How long a replica may take to answer a connection.
  package var connectTimeout = Duration.seconds(10)
  /// How long neither side may say anything within a request; as Convox has it on AWS's balancer.
  package var idleTimeout = Duration.seconds(3600)
  /// How long a client's connection may be idle between requests.
  package var keepAlive = Duration.seconds(75)
  /// How long a head may take from its first byte on.
  package var headTimeout = Duration.seconds(10)
  /// The most clients at a time; further ones wait for room.
  package var connections = max(16, min(1000, (DescriptorLimit.current - 100) / 4))

  /// The usual behaviour.
  package init(service: String) { self.service = service }
}
