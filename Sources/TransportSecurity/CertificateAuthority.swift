package import Essentials

/// A certificate and its private key, both in PEM form. Printing one shows the certificate alone.
package struct KeyedCertificate: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  package var certificate: String
  /// The private key, a secret.
  package var privateKey: String

  /// A certificate with its key.
  package init(certificate: String, privateKey: String) {
    self.certificate = certificate
    self.privateKey = privateKey
  }

  /// The certificate.
  package var description: String { certificate }
  /// Hides the key from `dump` and from test output.
  package var customMirror: Mirror { Mirror(self, children: ["certificate": certificate]) }
}

/// Signs certificates for servers on this machine.
package struct CertificateAuthority {
  /// The authority's own certificate, which clients have to trust.
  package let certificate: Certificate
  private let key: PrivateKey

  /// How long an authority holds.
  package static let lifetime = TimeInterval(10 * 365 * 86_400)
  /// How long a server's certificate holds: what the strictest clients accept (398 days) and a day less.
  package static let serverLifetime = TimeInterval(397 * 86_400)
  /// Clocks of containers and virtual machines may be late.
  private static let clockSkew = TimeInterval(86_400)

  /// An authority from what was kept of it.
  /// - Throws: `TLSError.unreadable` also where key and certificate do not belong together.
  package init(_ kept: KeyedCertificate) throws(TLSError) {
    certificate = try Certificate(pem: kept.certificate)
    key = try PrivateKey(pem: kept.privateKey)
    guard certificate.matches(key), certificate.isAuthority else {
      throw TLSError(.unreadable, "the certificate authority's key and certificate do not belong together")
    }
  }

  /// A new authority.
  package static func make(name: String, now: Date) throws(TLSError) -> KeyedCertificate {
    let key = try PrivateKey.generate()
    let request = CertificateRequest(
      commonName: name, validity: now - clockSkew...now + lifetime, isAuthority: true)
    return KeyedCertificate(
      certificate: try request.issue(for: key, by: nil).pem(), privateKey: try key.pem())
  }

  /// A new key and a certificate for a server.
  /// - Parameter hosts: names, and numeric addresses, under which it is reached.
  package func issue(name: String, hosts: [String], now: Date) throws(TLSError) -> KeyedCertificate {
    let serverKey = try PrivateKey.generate()
    let request = CertificateRequest(
      commonName: name, validity: now - Self.clockSkew...now + Self.serverLifetime, hosts: hosts)
    let issued = try request.issue(for: serverKey, by: (certificate, key))
    return KeyedCertificate(certificate: try issued.pem(), privateKey: try serverKey.pem())
  }
}
